"""Dead letters through a real broker: buried by the archive, found by the command, sent again once."""

import io
import uuid
from datetime import UTC, datetime

import msgspec
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from events import acts, codec
from events.acts import Erasure
from events.broker.base import Outcome, Partition, Record
from events.broker.producer import publisher
from events.broker.reading import read_to_end
from events.broker.topics import ensure_topics
from events.dead_letters.letter import from_record, make_letter
from events.dead_letters.outbox import Outbox
from events.dead_letters.replay import Fate, Replay
from events.kinds import DEAD_TOPICS, PRODUCT_CLICKS, TOPICS
from events.models import Interaction, ReplayedDeadLetter
from events.tenants import TenantDirectory
from tests.factories import make_tenant
from tests.integration.events.archiving import make_broker
from tests.unit.events.factories import START, make_event

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _topics():
    ensure_topics((*TOPICS, *DEAD_TOPICS))


def make_dead(value, *, reason="unknown_tenant", log=None, offset=0):
    """A letter whose origin no other test's has."""
    log = log or f"{PRODUCT_CLICKS}@{uuid.uuid4().hex}/2"
    return make_letter(log, Record(Partition(PRODUCT_CLICKS, 2), offset, int(START * 1000), value), reason, "Why")


def bury(*letters):
    Outbox(publisher).send(letters)


def replay(*words, event=None):
    """Run the command for one event of ours, as other tests' letters lie in the same topics; return what it prints."""
    output = io.StringIO()
    only = ["--event-id", str(event.event_id)] if event else []
    call_command("replay_dead_letters", *words, *only, stdout=output)
    return output.getvalue()


def in_topic(event, topic=PRODUCT_CLICKS):
    """What the topic holds of an event."""
    return [r for r in read_to_end([topic]) if r.value and str(event.event_id).encode() in r.value]


def test_headers_and_bytes_survive_the_broker():
    letter = make_dead(b"\xff\x00\xfe", reason="undecodable")
    bury(letter)
    (found,) = [x for x in map(from_record, read_to_end(DEAD_TOPICS)) if x.origin == letter.origin]
    assert (found.value, found.reason, found.detail) == (b"\xff\x00\xfe", "undecodable", "Why")
    assert found.timestamp_ms == int(START * 1000)


def test_reading_to_the_end_ends_there():
    before = len(list(read_to_end(DEAD_TOPICS)))
    bury(*[make_dead(b"?", reason="undecodable", offset=n) for n in range(50)])
    assert len(list(read_to_end(DEAD_TOPICS))) == before + 50


def test_a_letter_goes_back_to_its_topic_once():
    event = make_event(1)
    bury(make_dead(codec.encode(event)))
    assert "1  unknown_tenant       sent again" in replay(event=event)
    assert "1  unknown_tenant       sent before" in replay(event=event)
    (record,) = in_topic(event)
    assert record.value == codec.encode(event)
    assert ReplayedDeadLetter.objects.count() == 1


def test_a_letter_that_lies_there_twice_is_sent_once():
    event = make_event(1)
    letter = make_dead(codec.encode(event))
    bury(letter)
    bury(letter)
    replay(event=event)
    assert len(in_topic(event)) == 1


def test_a_dry_run_sends_and_marks_nothing():
    event = make_event(1)
    bury(make_dead(codec.encode(event)))
    said = replay("--dry-run", event=event)
    assert "nothing was sent" in said
    assert "1  unknown_tenant       sent again" in said
    assert (in_topic(event), ReplayedDeadLetter.objects.count()) == ([], 0)


def test_what_is_still_bad_stays_until_it_is_good():
    slug = f"t-{uuid.uuid4().hex[:8]}"
    event = make_event(1, tenant=slug)
    bury(make_dead(codec.encode(event)))
    assert "1  unknown_tenant       still not acceptable" in replay(event=event)
    make_tenant(slug)
    assert "1  unknown_tenant       sent again" in replay(event=event)


def test_filters_choose_by_topic_reason_and_time():
    event = make_event(1)
    bury(make_dead(codec.encode(event)))
    for other in (["--topic", "user_behavior"], ["--reason", "undecodable"], ["--since", "2999-01-01"]):
        assert replay(*other, event=event) == "No dead letters match.\n"
    words = ["--topic", PRODUCT_CLICKS, "--reason", "unknown_tenant", "--since", "1h"]
    assert "sent again" in replay(*words, event=event)


@pytest.mark.parametrize("words", [["--since", "yesterday"], ["--limit", "0"], ["--reason", "x"], ["--event-id", "7"]])
def test_options_that_mean_nothing_are_refused(words):
    with pytest.raises(CommandError):
        call_command("replay_dead_letters", *words)


def run(letters, broker=None, limit=None):
    made = Replay(TenantDirectory(), broker or make_broker())
    made.run(letters, limit)
    return dict(made.fates)


def test_the_limit_counts_what_was_not_sent_before():
    letters = [make_dead(codec.encode(make_event(1)), offset=n) for n in range(10)]
    assert run(letters, limit=4) == {("unknown_tenant", Fate.SENT): 4}
    assert run(letters, limit=4) == {("unknown_tenant", Fate.DONE_BEFORE): 4, ("unknown_tenant", Fate.SENT): 4}


def test_what_kafka_did_not_acknowledge_is_sent_by_the_next_run():
    class Deaf:
        def publish(self, messages, *, timeout_seconds):
            return [Outcome.UNKNOWN] * len(messages)

    letters = [make_dead(codec.encode(make_event(1)))]
    assert run(letters, Deaf()) == {("unknown_tenant", Fate.NOT_TAKEN): 1}
    assert run(letters) == {("unknown_tenant", Fate.SENT): 1}


def test_what_only_postgres_refused_goes_to_postgres_only():
    """The live state has counted it: sent to its topic, it would count there once more."""
    event, broker = msgspec.structs.replace(make_event(1), session_id="refused"), make_broker()
    letters = [make_dead(codec.encode(event), reason="refused_by_postgres", offset=17)]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE events_interaction ADD CONSTRAINT strict CHECK (session_id <> 'refused')")
        assert run(letters, broker) == {("refused_by_postgres", Fate.NOT_TAKEN): 1}
        cursor.execute("ALTER TABLE events_interaction DROP CONSTRAINT strict")
    assert run(letters, broker) == {("refused_by_postgres", Fate.ARCHIVED): 1}
    row = Interaction.objects.get(event_id=event.event_id)
    assert (row.topic, row.partition, row.offset) == (PRODUCT_CLICKS, 2, 17)
    assert not broker.logs


@pytest.mark.parametrize("reason", ["unknown_tenant", "refused_by_postgres"])
def test_an_erasure_of_a_tenant_that_came_late_goes_back_to_its_topic(reason):
    slug, broker = f"t-{uuid.uuid4().hex[:8]}", make_broker()
    erasure = Erasure(tenant=slug, shopper="u:u-7", at=datetime.fromtimestamp(START, UTC))
    letters = [make_dead(acts.encode(erasure), reason=reason)]
    assert run(letters, broker) == {(reason, Fate.STILL_BAD): 1}
    make_tenant(slug)
    assert run(letters, broker) == {(reason, Fate.SENT): 1}
    assert run(letters, broker) == {(reason, Fate.DONE_BEFORE): 1}
    [record] = [record for log in broker.logs.values() for record in log]
    assert acts.decode(record.value) == erasure


def test_a_letter_that_was_cut_is_never_sent():
    letter = make_dead(codec.encode(make_event(1)) + b" " * 900_001)
    assert run([letter]) == {("unknown_tenant", Fate.STILL_BAD): 1}
