"""The archive in Postgres: every event once, with what it said, whatever is sent, repeated or restored."""

import uuid
from datetime import timedelta

import msgspec
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from events.archive.history import ArchiveHistory
from events.broker.base import Partition
from events.kinds import PRODUCT_CLICKS, TOPICS, USER_BEHAVIOR, Kind
from events.live.base import WentBack
from events.models import ArchiveGap, ArchiveOffset, Interaction
from sdr.accounts.models import DEFAULT_TENANT_ID
from tests.factories import make_tenant
from tests.integration.events.archiving import (
    archive,
    archived_ids,
    entries,
    make_archiver,
    make_broker,
    of_user,
    send,
    work_off,
)
from tests.unit.events.factories import START, make_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def broker():
    return make_broker()


def test_an_event_is_kept_with_all_it_said_and_where_it_stood(broker):
    event = msgspec.structs.replace(
        make_event(7, kind=Kind.RATING, at=START + 0.123456, received_at=START + 2),
        user_id="u-7", value=4.5, recommendation_id="r-1", position=3,
    )  # fmt: skip
    send(broker, make_event(1), topic=USER_BEHAVIOR, partition=1)
    send(broker, event, topic=USER_BEHAVIOR, partition=1)
    archive(broker)
    row = Interaction.objects.select_related("user", "tenant").get(event_id=event.event_id)
    assert (row.tenant.slug, row.kind, row.product_id, row.sku) == ("default", "rating", 7, None)
    assert (row.user.external_id, row.session_id, row.value) == ("u-7", "s-1", 4.5)
    assert (row.occurred_at, row.received_at) == (event.occurred_at, event.received_at)
    assert (row.recommendation_id, row.position) == ("r-1", 3)
    assert (row.topic, row.incarnation, row.partition, row.offset) == (USER_BEHAVIOR, "first", 1, 1)


def test_an_archiver_that_is_killed_and_started_again_archives_everything_once(broker):
    events = [make_event(n % 7 + 1) for n in range(300)]
    for n, event in enumerate(events):
        send(broker, event, partition=n % 2)
    for _ in range(2):
        pipeline, _ = make_archiver(broker)  # the old one is dropped without a word
        for _ in range(2):
            pipeline.step()
    archive(broker)
    assert archived_ids() == sorted(event.event_id for event in events)


def test_a_batch_that_is_delivered_again_archives_nothing_twice(broker):
    for n in range(60):
        send(broker, make_event(1), partition=n % 2)
    pipeline, source = archive(broker)
    ArchiveOffset.objects.all().delete()  # even if nobody knew how far it had come
    source.assign(source.assigned())
    with pytest.raises(WentBack):
        pipeline._sink.advance({"product_clicks@first/0": 30})
    archive(broker)
    assert Interaction.objects.count() == 60


def test_one_event_in_five_is_sent_twice(broker):
    events = [make_event(n % 7 + 1) for n in range(200)]
    for n, event in enumerate(events):
        send(broker, event, partition=n % 2)
        if n % 5 == 0:
            send(broker, events[n // 2], partition=(n + n // 5) % 2)
    archive(broker)
    assert archived_ids() == sorted(event.event_id for event in events)


def test_a_caller_who_repeats_an_id_without_a_time_is_archived_once(broker):
    event = make_event(1)
    for seconds in (0, 3):  # in one batch, and in another
        send(broker, msgspec.structs.replace(event, occurred_at=event.occurred_at + timedelta(seconds=seconds)))
    pipeline, source = archive(broker)
    send(broker, msgspec.structs.replace(event, occurred_at=event.occurred_at + timedelta(minutes=9)))
    work_off(pipeline, source)
    assert Interaction.objects.get().occurred_at == event.occurred_at


def test_the_same_id_of_two_tenants_is_two_events(broker):
    event, other = make_event(1), make_tenant()
    send(broker, event)
    send(broker, msgspec.structs.replace(event, tenant=other.slug))
    archive(broker)
    assert set(Interaction.objects.values_list("tenant_id", flat=True)) == {DEFAULT_TENANT_ID, other.pk}


def test_a_topic_that_is_created_anew_is_archived_from_its_beginning(broker):
    for _ in range(3):
        send(broker, make_event(1))
    pipeline, source = archive(broker)
    broker.recreate("second")
    send(broker, make_event(1))
    source.assign(source.assigned())
    work_off(pipeline, source)
    assert Interaction.objects.filter(incarnation="second", offset=0).count() == 1
    assert Interaction.objects.count() == 4


def test_what_became_of_each_event_is_counted_apart_from_the_live_state(broker):
    def count(result, topic=PRODUCT_CLICKS):
        labels = {"topic": topic, "result": result}
        return REGISTRY.get_sample_value("sdr_events_processed_total", labels) or 0

    results = ("archived", "archive_duplicate", "dead_letter")
    before = [count(result) for result in results]
    event = make_event(1)
    for value in (event, event, make_event(2), make_event(3, tenant="nobody")):
        send(broker, value)
    send(broker, make_event(4), topic=USER_BEHAVIOR)
    archive(broker)
    assert [count(result) - n for result, n in zip(results, before, strict=True)] == [2, 1, 1]


class Savepoint:
    """Postgres restored from an earlier copy: rows, people and offsets go back together."""

    def __init__(self):
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT backup")

    def restore(self):
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK TO SAVEPOINT backup")


@pytest.mark.parametrize("n_before", [0, 10])
def test_a_postgres_that_was_restored_is_filled_again(broker, n_before):
    for _ in range(n_before):
        send(broker, of_user("u-1"))
    pipeline, source = archive(broker)
    backup = Savepoint()
    for n in range(20):
        send(broker, of_user(f"u-{n}"))
    work_off(pipeline, source)
    backup.restore()
    send(broker, of_user("u-new"))
    for _ in range(3):
        work_off(pipeline, source)
    assert Interaction.objects.count() == n_before + 21
    assert Interaction.objects.filter(user__external_id="u-new").count() == 1


def test_a_restore_is_noticed_even_when_nothing_happens(broker):
    pipeline, source = archive(broker)
    backup = Savepoint()
    send(broker, make_event(1))
    work_off(pipeline, source)
    backup.restore()
    pipeline.advance()
    work_off(pipeline, source)
    work_off(pipeline, source)
    assert Interaction.objects.count() == 1


def test_a_zombie_that_is_behind_moves_nothing_back(broker):
    zombie, zombie_source = make_archiver(broker)
    zombie.step()  # holds its positions, has read nothing
    for _ in range(30):
        send(broker, make_event(1))
    archive(broker)
    work_off(zombie, zombie_source)
    assert Interaction.objects.count() == 30
    assert ArchiveOffset.objects.get(log="product_clicks@first/0").next == 30


def test_quiet_logs_are_moved_on(broker):
    send(broker, make_event(1))
    pipeline, _ = archive(broker)
    pipeline.advance()
    assert ArchiveOffset.objects.count() == broker.n_partitions * len(TOPICS)


def test_what_kafka_lost_before_it_was_archived_is_noted_counted_and_reported_once(broker):
    def n_missing():
        labels = {"topic": PRODUCT_CLICKS, "result": "archive_gap"}
        return REGISTRY.get_sample_value("sdr_events_processed_total", labels) or 0

    place, log, before = Partition(PRODUCT_CLICKS, 0), "product_clicks@first/0", n_missing()
    for _ in range(10):
        send(broker, make_event(1))
    archive(broker)
    for _ in range(20):
        send(broker, make_event(1))
    broker.trim(place, 25)
    archive(broker)
    archive(broker)
    assert Interaction.objects.count() == 15
    assert list(ArchiveGap.objects.values_list("log", "first", "next")) == [(log, 10, 25)]
    assert n_missing() - before == 15
    assert ArchiveHistory().spans(log, 5, 40) == [(5, 10), (25, 30)]


def test_an_archive_that_begins_after_the_log_lost_its_beginning_has_lost_nothing(broker):
    for _ in range(10):
        send(broker, make_event(1))
    broker.trim(Partition(PRODUCT_CLICKS, 0), 4)
    archive(broker)
    assert Interaction.objects.count() == 6
    assert ArchiveHistory().spans("product_clicks@first/0", 0, 10) == [(4, 10)]


READS = st.lists(st.tuples(st.integers(0, 59), st.integers(1, 20), st.sampled_from(["read", "crash"])), max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ids=st.lists(st.integers(0, 40), min_size=1, max_size=60), reads=READS)
def test_random_histories_end_with_every_event_once(db, ids, reads):
    """Runs that overlap, are repeated or fail half way, by two archivers with beliefs of their own."""
    broker, tag = make_broker(), uuid.uuid4().hex
    broker.incarnation = tag
    events = {n: make_event(n + 1) for n in set(ids)}
    for n in ids:
        send(broker, events[n])
    log = f"product_clicks@{tag}/0"
    sinks = [make_archiver(broker)[0]._sink for _ in range(2)]
    for sink in sinks:
        sink.positions([log])
    for turn, (start, n, what) in enumerate(reads):
        stored = ArchiveOffset.objects.filter(log=log).values_list("next", flat=True).first() or 0
        part = entries(broker, log)[min(start, stored) :][:n]  # a consumer never reads past what is stored
        if part and what == "read":
            sinks[turn % 2].write(part)
        elif part:
            _crash(sinks[turn % 2], part)
    sinks[0].write(entries(broker, log))
    assert archived_ids_of(tag) == sorted(event.event_id for event in events.values())


def _crash(sink, part):
    class Crash(Exception):
        pass

    def fail(_letters):
        raise Crash

    send_letters, sink._outbox.send = sink._outbox.send, fail
    try:
        with pytest.raises(Crash):
            sink.write(part)
    finally:
        sink._outbox.send = send_letters


def archived_ids_of(incarnation):
    return sorted(Interaction.objects.filter(incarnation=incarnation).values_list("event_id", flat=True))
