"""What shoppers were shown is in the topic that clicks are divided by, whichever door it went through."""

import orjson
import pytest

from events.broker import offhand
from events.broker.reading import read_to_end
from events.broker.topics import ensure_topics
from events.kinds import RECOMMENDATIONS_SERVED
from protos.recommendations.v1 import recommendations_pb2 as messages
from protos.recommendations.v1.recommendations_pb2_grpc import RecommendationServiceStub
from tests.integration.recommendations.shop import Shop


@pytest.fixture
def shop(doors):
    ensure_topics([RECOMMENDATIONS_SERVED])
    shop = Shop(doors.tenant)
    shop.rebuild()
    return shop


def told(tenant):
    """Return what the topic says of a tenant, by the answer's id."""
    offhand.close()
    found = [orjson.loads(record.value or b"{}") for record in read_to_end([RECOMMENDATIONS_SERVED])]
    return {message["recommendation_id"]: message for message in found if message["tenant"] == tenant.slug}


def test_each_answer_is_told_once_with_what_it_showed(doors, shop):
    beside = doors.rest("GET", "recommendations/by-sku/kettle/red", limit="3")
    for_user = doors.rest("GET", "users/u-7/recommendations")
    request = messages.GetRecommendationsRequest(sku="kettle/red", limit=2)
    over_grpc = doors.grpc(RecommendationServiceStub, "GetRecommendations", request)

    said = told(doors.tenant)
    assert len(said) == 3
    for answer in (beside, for_user, over_grpc):
        message, shown = said[answer["recommendation_id"]], answer["recommendations"]
        assert shown
        assert message["product_ids"] == [int(place["product"]["id"]) for place in shown]
        assert message["positions"] == list(range(len(shown)))
        assert message["reason_codes"] == [place["reason_code"] for place in shown]
        assert message["index_version"] == answer["index_version"]
