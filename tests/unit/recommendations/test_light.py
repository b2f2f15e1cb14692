"""Which gRPC calls are answered by the thread that all others wait for."""

import pytest

from protos.recommendations.v1.recommendations_pb2 import GetRecommendationsRequest
from recommendations.rpc import RecommendationService

is_light = RecommendationService.computes["GetRecommendations"]


@pytest.mark.parametrize("asked", [{"limit": 100}, {"exclude": [1, 2]}, {"in_stock": False}, {"strategy": "content"}])
def test_a_page_for_nobody_in_particular_is_light(asked):
    assert is_light(GetRecommendationsRequest(sku="wok", **asked))


@pytest.mark.parametrize(
    "asked",
    [
        {"user_id": "u-7"},
        {"session_id": "s-9"},
        {"evidence": True},
        {"category": "Tea"},
        {"min_price": 0.0},
        {"max_price": 9.5},
    ],
)
def test_what_waits_for_redis_or_looks_at_the_whole_catalogue_is_not(asked):
    assert not is_light(GetRecommendationsRequest(sku="wok", **asked))
