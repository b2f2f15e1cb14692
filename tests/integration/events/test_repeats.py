"""A request with events that is sent again over REST: what the live state then counts."""

import uuid

import pytest

pytestmark = pytest.mark.django_db


def post(client, events, key="k-1"):
    answer = client.post("/api/events", events, content_type="application/json", HTTP_IDEMPOTENCY_KEY=key)
    assert answer.status_code == 202
    return [result["event_id"] for result in answer.json()["results"]]


def test_events_without_ids_get_the_same_ones_again(client):
    events = [{"product_id": 1, "user_id": "u-1"}, {"product_id": 1, "user_id": "u-1"}]
    first = post(client, events)
    assert len(set(first)) == 2
    assert post(client, events) == first
    assert set(post(client, events, key="k-2")).isdisjoint(first)


def test_the_events_own_ids_go_before_the_requests(client):
    event_id = str(uuid.uuid4())
    assert post(client, [{"product_id": 1, "user_id": "u-1", "event_id": event_id}]) == [event_id]


@pytest.mark.parametrize("headers", [{}, {"HTTP_IDEMPOTENCY_KEY": "k-1"}])
@pytest.mark.parametrize("odd", ["1" * 30, r'"\ud800"', "[" * 300 + "]" * 300])
def test_odd_json_is_refused_by_the_fields_name_or_passed_over(client, odd, headers):
    event = f'{{"product_id": 1, "user_id": {odd}}}'
    [result] = client.post("/api/events", event, content_type="application/json", **headers).json()["results"]
    assert (result["status"], result["field"]) == ("rejected", "user_id")
    passed_over = f'{{"product_id": 1, "user_id": "u-1", "colour": {odd}}}'
    assert client.post("/api/events", passed_over, content_type="application/json", **headers).status_code == 202


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "events", r'[{"kind": "\ud800", "event_id": "\ud800"}]'),
        ("patch", "users/u-1/preferences", r'{"\ud800": 1}'),
        ("patch", "users/u-1/preferences", r'{"category_weights": {"\ud800": 9}}'),
        ("post", "users/u-1/merge", r'{"session_id": "\ud800"}'),
        ("post", "products", r'{"sku": "\ud800", "name": "\ud800"}'),
        ("post", "products/bulk", r'[{"sku": "\ud800", "\ud800": 1}]'),
    ],
)
def test_half_a_character_is_refused_and_told_back_as_far_as_it_can_be(client, method, path, body):
    answer = getattr(client, method)(f"/api/{path}", body, content_type="application/json")
    assert answer.status_code in {200, 202, 400}
    assert answer.status_code == 400 or {result["status"] for result in answer.json()["results"]} == {"rejected"}


@pytest.mark.parametrize(
    ("method", "path"),
    [("post", "events"), ("patch", "users/u-1/preferences"), ("post", "users/u-1/merge"), ("post", "products")],
)
def test_json_that_is_nested_too_deep_is_refused(client, method, path):
    answer = getattr(client, method)(f"/api/{path}", "[" * 50_000 + "]" * 50_000, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in {"parse_error", "invalid"}


def test_events_with_a_key_need_no_postgres(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        post(client, [{"product_id": 1, "user_id": "u-1"}])
