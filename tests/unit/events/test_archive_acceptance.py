"""What the archive takes, and for what reason it does not."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from events import codec
from events.archive.acceptance import Accepted, Reason, accept, judge
from events.messages import Event
from tests.unit.events.factories import START, make_event


class Tenants:
    def ids(self):
        return {"default": 1}


def reason_of(event):
    return judge(codec.encode(event)).reason


@pytest.mark.parametrize("value", [None, b"", b"\xff", b"{}", b"[1]", b'{"a": "\\ud800"}'])
def test_garbage_is_undecodable(value):
    assert judge(value).reason is Reason.UNDECODABLE


def test_late_events_are_taken_however_late():
    assert isinstance(judge(codec.encode(make_event(1, at=START - 3 * 365 * 86400, received_at=START))), Event)


def test_skew_compares_with_the_arrival():
    assert isinstance(judge(codec.encode(make_event(1, at=START + 300, received_at=START))), Event)
    assert reason_of(make_event(1, at=START + 301, received_at=START)) is Reason.FROM_THE_FUTURE


@pytest.mark.parametrize(
    "at",
    [
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(3000, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-14))),
    ],
)
def test_no_clock_shows_such_a_time(at):
    event = msgspec.structs.replace(make_event(1), occurred_at=at, received_at=at)
    assert reason_of(event) is Reason.IMPLAUSIBLE_TIME


@pytest.mark.parametrize("name", ["tenant", "user_id", "session_id", "sku", "recommendation_id"])
def test_a_nul_character_is_named_as_what_it_is(name):
    event = msgspec.structs.replace(make_event(1), **{name: "a\0b"})
    assert reason_of(event) is Reason.NUL_CHARACTER


def test_verdicts_stand_in_the_order_of_the_messages():
    event = make_event(1)
    good, bad = accept([codec.encode(event), b"?"], Tenants())
    assert good == Accepted(event, 1)
    assert bad.reason is Reason.UNDECODABLE
