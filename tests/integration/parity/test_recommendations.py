"""What to show, through both doors."""

import pytest

from events.live.sequences.kinds import Following
from protos.recommendations.v1 import recommendations_pb2 as messages
from protos.recommendations.v1.recommendations_pb2_grpc import RecommendationServiceStub
from tests.eventually import eventually
from tests.factories import make_product, make_tenant
from tests.integration.parity.doors import Refusal, outcome
from tests.integration.recommendations.shop import Shop

LISTS = [
    {},
    {"limit": 1},
    {"limit": 100, "evidence": True},
    {"limit": 0},
    {"limit": 101},
    {"category": "Kitchen"},
    {"category": "Nowhere"},
    {"min_price": 30.0, "max_price": 70.0},
    {"min_price": 70.0, "max_price": 30.0},
    {"min_price": -1.0},
    {"in_stock": False, "limit": 100},
    {"session_id": "s-9"},
    {"session_id": "s" * 201},
]


@pytest.fixture
def shop(doors):
    shop = Shop(doors.tenant)
    shop.rebuild()
    eventually(lambda: not doors.rest("GET", "recommendations/by-sku/wok")["degraded"])
    return shop


def ask(doors, method, request):
    return doors.grpc(RecommendationServiceStub, method, request)


def as_words(query):
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}


def comparable(answer):
    """Return an answer without what is each answer's own; what a door leaves out or says null to is the same."""
    if isinstance(answer, Refusal):
        return answer
    return bare({name: value for name, value in answer.items() if name != "recommendation_id"})


def bare(value):
    if isinstance(value, dict):
        return {name: bare(below) for name, below in value.items() if below not in (None, [], {})}
    return [bare(below) for below in value] if isinstance(value, list) else value


def test_beside_a_product_both_doors_show_the_same(doors, shop):
    product = shop.id_of("kettle/red")
    shown = []
    for query in [*LISTS, {"exclude": [shop.id_of("teapot"), shop.id_of("wok")]}, {"user_id": "u-7"}, {"user_id": ""}]:
        ours = outcome(
            ask, doors, "GetRecommendations", messages.GetRecommendationsRequest(product_id=product, **query)
        )
        by_sku = messages.GetRecommendationsRequest(sku="kettle/red", **query)
        said = as_words(query | ({"exclude": ",".join(map(str, query["exclude"]))} if "exclude" in query else {}))
        theirs = outcome(doors.rest, "GET", f"recommendations/{product}", **said)
        if query == {"user_id": ""}:  # an empty parameter of a URL is no parameter; an empty field was sent on purpose
            assert ours.fields.keys() == {"user_id"}
            continue
        assert comparable(ours) == comparable(theirs), query
        assert comparable(outcome(ask, doors, "GetRecommendations", by_sku)) == comparable(ours)
        shown.append(ours)
    assert sum(isinstance(answer, Refusal) for answer in shown) == 6


def test_both_doors_know_the_same_strategies(doors, shop):
    shop.follow("teapot", {"mat": 9.0})
    shop.follow("teapot", {"wok": 9.0}, kind=Following.BOUGHT)
    shown = {}
    for strategy in ("hybrid", "similar", "also_viewed", "bought_together", "trending", "best"):
        query = {"sku": "teapot", "strategy": strategy, "evidence": True, "limit": 100}
        ours = outcome(ask, doors, "GetRecommendations", messages.GetRecommendationsRequest(**query))
        theirs = outcome(doors.rest, "GET", "recommendations/by-sku/teapot", **as_words(query))
        assert comparable(ours) == comparable(theirs), strategy
        request = messages.ExplainRecommendationRequest(list=query, candidate_sku="mat")
        told = outcome(ask, doors, "ExplainRecommendation", request)
        path = "recommendations/by-sku/teapot/explain"
        assert comparable(told) == comparable(outcome(doors.rest, "GET", path, candidate_sku="mat", **as_words(query)))
        shown[strategy] = ours
    assert shown.pop("best").fields.keys() == {"strategy"}
    tops = {strategy: answer["recommendations"][0] for strategy, answer in shown.items()}
    assert [tops[name]["reason_code"] for name in ("hybrid", "similar", "also_viewed", "bought_together")] == [
        "also_viewed", "similar", "also_viewed", "bought_together",
    ]  # fmt: skip
    *_, sequence = tops["hybrid"]["evidence"]["terms"]
    assert sequence["parts"][0]["lists"][0]["times"] == 3
    assert len({len(answer["recommendations"]) for answer in shown.values()}) == 1


def test_to_a_user_both_doors_show_the_same(doors, shop):
    shop.click("teapot", shoppers=("u:u-7",))
    for query in LISTS:
        request = messages.GetUserRecommendationsRequest(user_id="u-7", **query)
        ours = outcome(ask, doors, "GetUserRecommendations", request)
        theirs = outcome(doors.rest, "GET", "users/u-7/recommendations", **as_words(query))
        assert comparable(ours) == comparable(theirs), query
    unnamed = outcome(ask, doors, "GetUserRecommendations", messages.GetUserRecommendationsRequest())
    assert unnamed.fields.keys() == {"user_id"}


def test_what_is_hot_is_the_same_at_both_doors(doors, shop):
    shop.click("wok", times=3)
    eventually(lambda: shop.clicks_seen("wok") == 3)
    for query in LISTS:
        asked = {name: value for name, value in query.items() if name != "evidence"}
        ours = outcome(ask, doors, "GetTrendingProducts", messages.GetTrendingProductsRequest(**asked))
        theirs = outcome(doors.rest, "GET", "trending", **as_words(asked))
        if isinstance(theirs, Refusal):
            assert ours == theirs
        else:  # decayed to different instants
            assert [cool(item) for item in ours["trending"]] == [cool(item) for item in theirs["trending"]], query


def cool(item):
    return bare(item["product"]), round(item["score"], 3), round(item["rising"], 1)


def test_both_doors_explain_alike(doors, shop):
    product = shop.id_of("kettle/red")
    for sku in ("gooseneck", "kettle/blue", "old kettle", "mat", "no such thing"):
        asked = {"product_id": product, "limit": 3}
        request = messages.ExplainRecommendationRequest(list=asked, candidate_sku=sku)
        ours = outcome(ask, doors, "ExplainRecommendation", request)
        theirs = outcome(doors.rest, "GET", f"recommendations/{product}/explain", candidate_sku=sku, limit=3)
        assert comparable(ours) == comparable(theirs), sku
    nobody = outcome(ask, doors, "ExplainRecommendation", messages.ExplainRecommendationRequest(list=asked))
    assert nobody == outcome(doors.rest, "GET", f"recommendations/{product}/explain")


def test_an_unknown_price_or_rating_is_absent(doors, shop):
    request = messages.GetRecommendationsRequest(sku="kettle/red", limit=100)
    shown = {item["product"]["sku"]: item["product"] for item in ask(doors, "GetRecommendations", request)[
        "recommendations"
    ]}  # fmt: skip
    assert (shown["strainer"]["price"], shown["strainer"]["rating"]) == (None, None)
    assert shown["teapot"]["price"] == 29.5


def test_a_product_that_is_not_there_is_not_found(doors, shop):
    theirs = make_product(sku="B/1", tenant_id=make_tenant().pk)
    for named in (
        {"product_id": 987_654}, {"product_id": -1}, {"product_id": 2**62}, {"product_id": theirs.pk},
        {"sku": "none"}, {"sku": ""}, {"sku": "B/1"},
    ):  # fmt: skip
        refused = outcome(ask, doors, "GetRecommendations", messages.GetRecommendationsRequest(**named))
        assert (refused.status, refused.code) == (404, "not_found"), named
    unnamed = outcome(ask, doors, "GetRecommendations", messages.GetRecommendationsRequest(limit=5))
    assert unnamed.fields.keys() == {"product"}


def test_without_an_index_both_doors_say_when_to_come_again(doors):
    refused = outcome(ask, doors, "GetRecommendations", messages.GetRecommendationsRequest(product_id=1))
    assert refused == outcome(doors.rest, "GET", "recommendations/1")
    assert (refused.status, refused.code) == (503, "index_not_ready")
    assert refused.retry_after
