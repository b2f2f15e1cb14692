"""The purpose of it all: a click changes what is recommended, for everybody, at once."""

import json

import grpc
import pytest

from protos.recommendations.v1 import recommendations_pb2, recommendations_pb2_grpc
from tests.eventually import eventually

WITHIN_SECONDS = 5  # generous for a loaded machine; `make bench` measures how long it takes


@pytest.fixture(scope="session")
def loaded(stack, tmp_path_factory):
    """A small catalogue of its own in the running shop, indexed."""
    words = ["walnut", "oak", "birch", "maple", "cherry", "ash", "beech", "larch"]
    rows = [
        {
            "sku": f"ACC-{n}",
            "name": f"{word.title()} marimba",
            "category": "Acceptance > Marimbas",
            "price": 100 + n,
            "rating": 4.0,
            "rating_count": 10,
            "tags": ["marimba", word],
            "description": f"A marimba with bars of {word}, tuned by hand.",
        }
        for n, word in enumerate(words)
    ]
    file = tmp_path_factory.mktemp("catalogue") / "marimbas.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows))
    stack.manage("load_catalog", str(file))
    stack.manage("rebuild_index")
    first = stack.get("/api/products?search=marimba&page_size=1")["products"][0]
    # The serving processes take the new index within seconds of its activation.
    eventually(lambda: not stack.get(f"/api/recommendations/{first['id']}")["degraded"])
    return [product["id"] for product in stack.get("/api/products?search=marimba")["products"]]


def rest(stack, product_id, limit=7):
    answer = stack.get(f"/api/recommendations/{product_id}?limit={limit}")
    return [(item["product"]["id"], item["score"], item["reason_code"]) for item in answer["recommendations"]]


def over_grpc(stack, product_id, limit=7):
    with grpc.insecure_channel(f"127.0.0.1:{stack.grpc_port}") as channel:
        stub = recommendations_pb2_grpc.RecommendationServiceStub(channel)
        request = recommendations_pb2.GetRecommendationsRequest(product_id=product_id, limit=limit)
        answer = stub.GetRecommendations(request, timeout=10)
    return [(item.product.id, item.score, item.reason_code) for item in answer.recommendations]


def test_clicks_raise_a_product_in_the_recommendations_of_its_category(stack, loaded):
    # Each process exchanges its index within a second or two of the activation, not both at one instant.
    eventually(lambda: rest(stack, loaded[0]) == over_grpc(stack, loaded[0]))
    seen, *_, last = [loaded[0], *(product for product, _, _ in rest(stack, loaded[0]))]
    places_before = {door: [p for p, _, _ in door(stack, seen)] for door in (rest, over_grpc)}
    assert places_before[rest] == places_before[over_grpc]
    assert len(places_before[rest]) == 7

    clicks = [{"product_id": last, "session_id": f"s-{n}"} for n in range(50)]
    status, answer = stack.post("/api/events", {"events": clicks})
    assert (status, answer["accepted"]) == (202, 50)

    for door in (rest, over_grpc):
        place_before = places_before[door].index(last)
        eventually(
            lambda door=door, before=place_before: [p for p, _, _ in door(stack, seen)].index(last) < before,
            seconds=WITHIN_SECONDS,
        )
    trending = stack.get("/api/trending?category=Marimbas&limit=1")["trending"]
    assert trending[0]["product"]["id"] == last
    assert trending[0]["rising"] > 1


def test_what_a_few_shoppers_went_on_to_stands_first_in_the_next_answer(stack, loaded):
    here, there = loaded[5], loaded[2]
    for door in (rest, over_grpc):  # whoever asks before holds the list, and is told that it changed
        assert (there, "also_viewed") not in [(product, code) for product, _, code in door(stack, here)]
    sessions = [f"walk-{n}" for n in range(5)]
    clicks = [{"product_id": product, "session_id": name} for name in sessions for product in (here, there)]
    status, answer = stack.post("/api/events", {"events": clicks})
    assert (status, answer["accepted"]) == (202, 10)
    for door in (rest, over_grpc):
        eventually(
            lambda door=door: (door(stack, here)[0][0], door(stack, here)[0][2]) == (there, "also_viewed"),
            seconds=WITHIN_SECONDS,
        )
    alone = stack.get(f"/api/recommendations/{here}?strategy=also_viewed&limit=1&evidence=1")["recommendations"][0]
    ((lead,),) = (part["lists"] for term in alone["evidence"]["terms"] for part in term["parts"])
    assert (alone["product"]["id"], lead["product_id"], lead["times"]) == (there, here, 5)


def test_everything_reports_to_be_well(stack, loaded):
    assert loaded
    assert stack.get("/livez") == {"status": "ok"}
    readiness = eventually(lambda: (r := stack.get("/readyz"))["status"] == "ok" and r)
    assert set(readiness["dependencies"]) >= {"postgres", "redis", "kafka", "celery", "index"}


def test_bad_events_are_named_and_their_neighbours_taken(stack, loaded):
    events = [
        {"product_id": loaded[0], "user_id": "u"},
        {"user_id": "u"},
        {"product_id": loaded[0], "user_id": "u", "occurred_at": "2999-01-01T00:00:00Z"},
    ]
    _, answer = stack.post("/api/events", events)
    assert answer["accepted"] == 1
    assert [result["status"] for result in answer["results"]] == ["accepted", "rejected", "rejected"]
    assert "product" in answer["results"][1]["error"]
    assert "future" in answer["results"][2]["error"]
