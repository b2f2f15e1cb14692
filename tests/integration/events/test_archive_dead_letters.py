"""What the archive cannot take becomes a dead letter, once, and stops nothing."""

import msgspec
import pytest
from django.db import connection

from events.broker.base import Outcome
from events.broker.memory import MemoryBroker
from events.models import ArchiveOffset, Interaction
from sdr.exceptions import Unavailable
from tests.factories import make_tenant
from tests.integration.events.archiving import (
    archive,
    dead_letters,
    entries,
    make_archiver,
    make_broker,
    send,
    send_garbage,
    work_off,
)
from tests.unit.events.factories import START, make_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def broker():
    return make_broker()


def test_garbage_becomes_a_dead_letter_and_stops_nothing(broker):
    send_garbage(broker, b"\xff\x00 not an event", partition=1)
    send(broker, make_event(1), partition=1)
    archive(broker)
    (letter,) = dead_letters(broker)
    assert (letter.value, letter.reason) == (b"\xff\x00 not an event", "undecodable")
    assert (letter.origin, letter.timestamp_ms) == (("product_clicks@first/1", 0), int(START * 1000))
    assert Interaction.objects.count() == 1


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (make_event(1, tenant="nobody"), "unknown_tenant"),
        (make_event(1, at=START + 301, received_at=START), "from_the_future"),
        (make_event(1, user_id="a\0b"), "nul_character"),
    ],
)
def test_what_is_not_acceptable_says_why(broker, event, reason):
    send(broker, event)
    archive(broker)
    assert [letter.reason for letter in dead_letters(broker)] == [reason]
    assert Interaction.objects.count() == 0


def test_a_tenant_is_known_as_soon_as_it_exists(broker):
    pipeline, source = archive(broker)
    send(broker, make_event(1, tenant="default"))
    work_off(pipeline, source)  # the directory has been read, and is kept for some seconds
    send(broker, make_event(1, tenant=make_tenant().slug))
    work_off(pipeline, source)
    assert (Interaction.objects.count(), dead_letters(broker)) == (2, [])


def test_late_events_are_archived(broker):
    send(broker, make_event(1, at=START - 30 * 86400, received_at=START))
    archive(broker)
    assert Interaction.objects.count() == 1


@pytest.mark.parametrize("n_refused", [1, 3])
def test_what_postgres_refuses_is_found_among_the_others(broker, n_refused):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE events_interaction ADD CHECK (session_id <> 'refused')")
    events = [make_event(1) for _ in range(40)]
    bad = {5, 17, 31} if n_refused == 3 else {17}
    for n, event in enumerate(events):
        send(broker, msgspec.structs.replace(event, session_id="refused" if n in bad else "s"))
    archive(broker)
    assert Interaction.objects.count() == 40 - n_refused
    letters = dead_letters(broker)
    assert {letter.origin.offset for letter in letters} == bad
    assert {letter.reason for letter in letters} == {"refused_by_postgres"}
    assert len(letters) == n_refused


def test_nothing_is_stored_until_kafka_has_the_dead_letters(broker):
    class Deaf(MemoryBroker):
        def publish(self, messages, *, timeout_seconds=0):
            return [Outcome.UNKNOWN] * len(messages)

    send_garbage(broker, b"?")
    send(broker, make_event(1))
    pipeline, _ = make_archiver(broker, publisher=Deaf())
    pipeline._sink.positions(["product_clicks@first/0"])
    with pytest.raises(Unavailable):
        pipeline._sink.write(entries(broker))
    assert Interaction.objects.count() == 0
    assert ArchiveOffset.objects.count() == 0


def test_what_is_read_again_is_not_buried_again(broker):
    send_garbage(broker, b"?")
    for _ in range(2):
        archive(broker)
    zombie, source = make_archiver(broker)
    source.seek({})
    zombie._sink._expect = {}
    zombie._sink.write(entries(broker))
    assert len(dead_letters(broker)) == 1
