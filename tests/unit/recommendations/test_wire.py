"""The bytes that are put together are those of the message."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from protos.recommendations.v1 import recommendations_pb2 as messages
from recommendations.answers import Recommendation, Recommendations
from recommendations.engine.reasons import ReasonCode
from recommendations.wire import ranking_bytes

text = st.text(st.characters(codec="utf-8"), max_size=300)
cards = st.fixed_dictionaries({
    "id": st.integers(1, 2**53), "sku": text, "name": text, "category": text, "category_path": text,
    "price": st.none() | st.integers(0, 10**9) | st.floats(0, 1e9), "currency": text,
    "rating": st.none() | st.floats(0, 5), "tags": st.lists(text, max_size=5), "description": text,
    "image_url": text, "in_stock": st.booleans(),
})  # fmt: skip
evidence = st.none() | st.just({"terms": [{"term": "trend", "weight": 0.2, "value": 0.5, "contribution": 0.1}]})
places = st.tuples(cards, st.floats(0, 1), text, st.sampled_from(ReasonCode), evidence)


@given(st.lists(places, max_size=6), text, text, st.lists(text, max_size=3))
def test_a_ranking_is_read_as_the_message_it_stands_for(ranking, recommendation_id, version, degraded):
    items = [Recommendation(orjson.dumps(card), score, *rest) for card, score, *rest in ranking]
    answer = Recommendations(items, recommendation_id, version, degraded)
    for response in (messages.GetRecommendationsResponse, messages.GetUserRecommendationsResponse):
        assert response.FromString(ranking_bytes(answer)) == response(
            recommendations=[
                messages.Recommendation(product=card, score=score, reason=reason, reason_code=code, evidence=terms)
                for card, score, reason, code, terms in ranking
            ],
            recommendation_id=recommendation_id,
            index_version=version,
            degraded=degraded,
        )
