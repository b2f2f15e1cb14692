"""What a caller may send as an event, and what it is told otherwise."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from events.kinds import Kind
from events.validation import parse_event
from sdr.exceptions import InvalidInput

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def parse(**raw):
    return parse_event(raw, tenant="default", received_at=NOW)


def test_a_product_and_a_shopper_are_enough():
    event = parse(product_id=12, session_id="s-9")
    assert (event.kind, event.product_id, event.session_id) == (Kind.CLICK, 12, "s-9")
    assert event.occurred_at == event.received_at == NOW
    assert event.event_id.version == 4


def test_what_the_caller_sends_is_kept():
    event_id = "79a2432f-539e-40fe-baeb-9c5b15645a14"
    event = parse(
        sku="B-1", user_id="ü-7", kind="rating", value=4.5, event_id=event_id, occurred_at="2026-11-23T11:00:00+01:00"
    )
    assert (event.sku, event.user_id, event.value, event.event_id) == ("B-1", "ü-7", 4.5, UUID(event_id))
    assert event.occurred_at == NOW


def test_the_id_wins_over_the_sku():
    event = parse(product_id=12, sku="B-1", user_id="u")
    assert (event.product_id, event.sku) == (12, None)


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("product_id", {"user_id": "u"}),
        ("product_id", {"user_id": "u", "product_id": "12"}),
        ("product_id", {"user_id": "u", "product_id": True}),
        ("product_id", {"user_id": "u", "product_id": 0}),
        ("product_id", {"user_id": "u", "product_id": 2**60}),
        ("sku", {"user_id": "u", "sku": ""}),
        ("sku", {"user_id": "u", "sku": "a\x00b"}),
        ("user_id", {"product_id": 1}),
        ("user_id", {"product_id": 1, "user_id": ""}),
        ("user_id", {"product_id": 1, "user_id": "u" * 201}),
        ("session_id", {"product_id": 1, "session_id": 7}),
        ("kind", {"product_id": 1, "user_id": "u", "kind": "stare"}),
        ("value", {"product_id": 1, "user_id": "u", "kind": "rating"}),
        ("value", {"product_id": 1, "user_id": "u", "kind": "rating", "value": 5.5}),
        ("event_id", {"product_id": 1, "user_id": "u", "event_id": "not-a-uuid"}),
        ("occurred_at", {"product_id": 1, "user_id": "u", "occurred_at": "yesterday"}),
        ("occurred_at", {"product_id": 1, "user_id": "u", "occurred_at": "2026-11-23T10:00:00"}),
        ("position", {"product_id": 1, "user_id": "u", "position": -1}),
    ],
)
def test_bad_input_is_rejected_by_name(field, raw):
    with pytest.raises(InvalidInput) as caught:
        parse(**raw)
    assert caught.value.field == field


@pytest.mark.parametrize("raw", [None, 5, "click", [], [1]])
def test_what_is_no_object_is_no_event(raw):
    with pytest.raises(InvalidInput) as caught:
        parse_event(raw, tenant="default", received_at=NOW)
    assert caught.value.field == "event"


def test_five_minutes_ahead_is_taken_and_a_second_more_is_not():
    shopper = {"product_id": 1, "user_id": "u"}
    assert parse(**shopper, occurred_at=(NOW + timedelta(minutes=5)).isoformat())
    with pytest.raises(InvalidInput, match="future"):
        parse(**shopper, occurred_at=(NOW + timedelta(minutes=5, seconds=1)).isoformat())
