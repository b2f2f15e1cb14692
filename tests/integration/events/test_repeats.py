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


def test_events_with_a_key_need_no_postgres(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        post(client, [{"product_id": 1, "user_id": "u-1"}])
