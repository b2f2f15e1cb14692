"""Dead letters: how they travel, and which are meant."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.broker.base import Outcome, Partition, Record
from events.broker.memory import MemoryBroker
from events.dead_letters.letter import (
    MAX_VALUE_BYTES,
    NotALetter,
    Origin,
    from_record,
    make_letter,
    readable,
    to_message,
)
from events.dead_letters.outbox import Outbox
from events.dead_letters.selection import Selection, parse_since
from events.kinds import PRODUCT_CLICKS
from sdr.exceptions import InvalidInput, Unavailable

LOG = "product_clicks@first/3"
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def make_dead(value=b"?", *, offset=7, reason="undecodable", detail="Why", log=LOG):
    topic, number = log.partition("@")[0], int(log.rpartition("/")[2])
    return make_letter(log, Record(Partition(topic, number), offset, 1_795_000_000_123, value), reason, detail)


def carried(letter, at_ms=1_795_000_000_456):
    """The letter after its way through the broker."""
    broker = MemoryBroker(n_partitions=1)
    broker.now_ms = at_ms
    broker.publish([to_message(letter)])
    (record,) = broker.logs[Partition(f"{letter.origin.topic}.dead", 0)]
    return from_record(record)


@given(value=st.binary(max_size=50), detail=st.text(st.characters(exclude_categories=["Cs"]), max_size=600))
def test_a_letter_keeps_its_bytes_its_reason_and_its_origin(value, detail):
    letter = carried(make_dead(value, detail=detail))
    assert letter.value == value
    assert (letter.reason, letter.detail) == ("undecodable", detail[:500])
    assert letter.origin == Origin(LOG, 7)
    assert (letter.timestamp_ms, letter.died_at_ms) == (1_795_000_000_123, 1_795_000_000_456)


def test_the_headers_say_where_it_came_from():
    headers = dict(to_message(make_dead()).headers)
    assert headers == {
        "reason": b"undecodable",
        "detail": b"Why",
        "topic": b"product_clicks",
        "incarnation": b"first",
        "partition": b"3",
        "offset": b"7",
        "timestamp_ms": b"1795000000123",
    }


def test_what_no_broker_would_take_is_cut_and_says_so():
    letter = carried(make_dead(b"x" * (MAX_VALUE_BYTES + 1)))
    assert (len(letter.value), letter.is_cut) == (MAX_VALUE_BYTES, True)


@pytest.mark.parametrize("headers", [(), (("reason", b"x"),), (("reason", b"\xff"),)])
def test_a_stranger_among_dead_letters_is_no_letter(headers):
    record = Record(Partition("product_clicks.dead", 0), 0, 0, b"?", headers)
    with pytest.raises(NotALetter):
        from_record(record)
    assert list(readable([record])) == []


class ForgetfulBroker(MemoryBroker):
    """Acknowledges the first message of a call only."""

    def publish(self, messages, *, timeout_seconds=0):
        super().publish(messages[:1])
        return [Outcome.ACCEPTED] + [Outcome.UNKNOWN] * (len(messages) - 1)


def test_what_was_acknowledged_is_not_sent_again_with_the_rest():
    broker = ForgetfulBroker(n_partitions=1)
    outbox = Outbox(lambda: broker)
    letters = [make_dead(offset=n) for n in range(3)]
    for _ in range(2):
        with pytest.raises(Unavailable):
            outbox.send(letters)
    outbox.send(letters)
    assert [from_record(r).origin.offset for r in broker.logs[Partition("product_clicks.dead", 0)]] == [0, 1, 2]


def test_once_the_offsets_are_stored_nothing_is_remembered():
    broker = MemoryBroker(n_partitions=1)
    outbox, letters = Outbox(lambda: broker), [make_dead()]
    outbox.send(letters)
    outbox.forget(letters)
    outbox.send(letters)  # a log that is read again from its beginning
    assert len(broker.logs[Partition("product_clicks.dead", 0)]) == 2


EVENT_ID = uuid.uuid4()


@pytest.mark.parametrize(
    ("selection", "is_meant"),
    [
        (Selection(), True),
        (Selection(topic=PRODUCT_CLICKS, reason="undecodable"), True),
        (Selection(topic="user_behavior"), False),
        (Selection(reason="unknown_tenant"), False),
        (Selection(event_id=EVENT_ID), True),
        (Selection(event_id=uuid.uuid4()), False),
        (Selection(since=datetime.fromtimestamp(1_795_000_000, UTC)), True),
        (Selection(since=datetime.fromtimestamp(1_795_000_001, UTC)), False),
    ],
)
def test_what_a_selection_means(selection, is_meant):
    letter = carried(make_dead(b'{"event_id":"%s", broken' % str(EVENT_ID).upper().encode()))
    assert selection.means(letter) is is_meant


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("90m", NOW - timedelta(minutes=90)),
        ("12h", NOW - timedelta(hours=12)),
        ("7d", NOW - timedelta(days=7)),
        ("2026-11-23T11:00:00+01:00", NOW),
        ("2026-11-23", NOW - timedelta(hours=10)),
    ],
)
def test_since_takes_spans_and_times(text, at):
    assert parse_since(text, now=NOW) == at


@pytest.mark.parametrize("text", ["", "yesterday", "7 days", "7w", "-7d"])
def test_since_refuses_the_rest_by_name(text):
    with pytest.raises(InvalidInput, match="since"):
        parse_since(text, now=NOW)
