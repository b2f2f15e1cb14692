"""Several archivers at once, on connections of their own: nothing doubled, no deadlock, no month made twice."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from django.db import connection

from events.archive.partitions import Months
from events.broker.base import Partition, Record
from events.kinds import PRODUCT_CLICKS
from events.live.base import WentBack
from events.models import ArchiveOffset, Interaction
from events.sinks.archive import ArchiveSink
from events.sinks.base import LogRecord
from events.tenants import TenantDirectory
from sdr.accounts.models import User
from sdr.exceptions import Unavailable
from tests.integration.events.archiving import make_broker, of_user
from tests.unit.events.factories import make_event, make_record

pytestmark = pytest.mark.django_db(transaction=True)
N_ARCHIVERS = 3


def in_threads(work, n=N_ARCHIVERS):
    """Run ``work(number)`` in threads that begin together."""
    barrier = threading.Barrier(n)

    def run(number):
        try:
            barrier.wait()
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(run, range(n)))


def log_of(events, number=0):
    log = f"{PRODUCT_CLICKS}@{uuid.uuid4().hex}/{number}"
    records = [Record(Partition(PRODUCT_CLICKS, number), n, 0, make_record(e).value) for n, e in enumerate(events)]
    return [LogRecord(log, record) for record in records]


def patiently(work):
    """As the pipeline does: again, unchanged, until it is done."""
    while True:
        try:
            return work()
        except Unavailable:
            continue


def test_two_owners_of_one_log_archive_it_once():
    """A consumer that was paused past its session time-out goes on while another has its partitions."""
    entries = log_of([of_user(f"u-{n % 9}") for n in range(300)])

    def own(_number):
        sink = ArchiveSink(TenantDirectory(), make_broker)
        sink.positions([entries[0].log])
        for first in range(0, 300, 20):
            patiently(lambda: sink.write(entries[first : first + 20]))  # noqa: B023  done before the next turn

    in_threads(own)
    assert Interaction.objects.count() == 300
    assert ArchiveOffset.objects.get().next == 300


def test_archivers_that_meet_the_same_people_and_events_do_not_lock_each_other_out():
    events = [of_user(f"u-{n % 50}") for n in range(200)]
    orders = [events, events[::-1], events[100:] + events[:100]]
    logs = [log_of(order, number) for number, order in enumerate(orders)]

    def archive(number):
        sink = ArchiveSink(TenantDirectory(), make_broker)
        sink.positions([logs[number][0].log])
        for first in range(0, 200, 40):
            sink.write(logs[number][first : first + 40])

    in_threads(archive)
    assert Interaction.objects.count() == 200
    assert User.objects.filter(external_id__startswith="u-").count() == 50


def test_a_new_month_is_made_once():
    event = msgspec.structs.replace(make_event(1))

    def ensure(_number):
        Months().ensure([event.occurred_at], now=event.occurred_at)

    in_threads(ensure)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'events_interaction'::regclass")
        assert cursor.fetchone()[0] >= 3


def test_an_archiver_whose_offsets_were_rolled_back_finds_out():
    entries = log_of([make_event(1) for _ in range(20)])
    sink = ArchiveSink(TenantDirectory(), make_broker)
    sink.positions([entries[0].log])
    sink.write(entries[:10])
    ArchiveOffset.objects.update(next=4)
    with pytest.raises(WentBack):
        sink.write(entries[10:])
    assert Interaction.objects.count() == 10
    assert sink.positions([entries[0].log]) == {entries[0].log: 4}
    sink.write(entries[4:])
    assert Interaction.objects.count() == 20


def test_a_connection_that_was_cut_is_made_anew():
    entries = log_of([make_event(1) for _ in range(20)])
    sink = ArchiveSink(TenantDirectory(), make_broker)
    sink.positions([entries[0].log])
    sink.write(entries[:10])
    cut_connection()
    with pytest.raises(Unavailable):
        sink.write(entries[10:])
    sink.write(entries[10:])
    assert Interaction.objects.count() == 20


def cut_connection():
    """As a restart of Postgres does, from another session."""
    pid = connection.connection.info.backend_pid

    def terminate(_number):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    in_threads(terminate, 1)
