"""A log that lost its beginning before it was counted: the archive fills it, and what is nowhere is reported."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from events.archive.history import without
from events.broker.base import Partition
from events.broker.memory import MemoryBroker, MemorySource
from events.kinds import PRODUCT_CLICKS, TOPICS
from events.live.memory import MemoryLiveState
from events.pipeline import Pipeline
from events.sinks.base import LogRecord
from events.sinks.live import LiveSink
from sdr.exceptions import Unavailable
from tests.unit.events.factories import LOG, START, make_event, make_record
from tests.unit.events.test_pipeline import Skus, Tenants, clicks, work_off

PLACE = Partition(PRODUCT_CLICKS, 0)


class MemoryHistory:
    """Has read these spans of the one log, and keeps what stood there. ``on_read`` is called before each part."""

    def __init__(self, broker, *spans, on_read=lambda: None):
        self._broker, self._spans, self.on_read = broker, spans, on_read

    def spans(self, log, first, end):
        found = [(max(first, a), min(end, b)) for a, b in self._spans]
        return [(a, b) for a, b in found if a < b and log == LOG]

    def read(self, log, span, tenants):
        for first in range(span[0], span[1], 10):
            self.on_read()
            records = self._broker.logs[PLACE][first : min(first + 10, span[1])]
            yield [LogRecord(log, record) for record in records]


class Shop:
    """Two tenants' clicks on a product for each offset, in one partition."""

    def __init__(self, n_events=0):
        self.broker, self.state = MemoryBroker(), MemoryLiveState()
        self.broker.now_ms = int(START * 1000)
        self.tenants = ("default", "other")
        self.send(n_events)

    def send(self, n):
        for offset in range(len(self.broker.logs[PLACE]), len(self.broker.logs[PLACE]) + n):
            event = make_event(offset + 1, tenant=self.tenants[offset % 2])
            self.broker.append(PLACE, make_record(event).value)

    def consumer(self, *spans, **options):
        source = MemorySource(self.broker, TOPICS)
        history = MemoryHistory(self.broker, *spans, **options)
        return Pipeline(source, LiveSink(self.state, Tenants(default=1, other=2), Skus(), history)), source

    def count(self, *spans, **options):
        pipeline, source = self.consumer(*spans, **options)
        work_off(pipeline, source)
        pipeline.advance()
        return pipeline, source

    def counted(self):
        """Return how often each offset's event was counted."""
        found = clicks(self.state) | clicks(self.state, "other")
        return [found.get(offset + 1, 0) for offset in range(len(self.broker.logs[PLACE]))]


def n_missing():
    return REGISTRY.get_sample_value("sdr_events_processed_total", {"topic": PRODUCT_CLICKS, "result": "gap"}) or 0


def test_what_the_log_no_longer_has_is_counted_from_the_archive_once():
    shop, before = Shop(20), n_missing()
    shop.count()
    shop.send(60)
    shop.broker.trim(PLACE, 70)
    shop.count((0, 80))
    shop.count((0, 80))
    assert shop.counted() == [1] * 80
    assert n_missing() == before


def test_what_is_nowhere_is_reported_exactly_and_once():
    shop, before = Shop(20), n_missing()
    shop.count()
    shop.send(60)
    shop.broker.trim(PLACE, 70)
    shop.count((0, 30), (35, 60))
    shop.count((0, 30), (35, 60))
    assert [offset for offset, n in enumerate(shop.counted()) if n == 0] == [*range(30, 35), *range(60, 70)]
    assert max(shop.counted()) == 1
    assert n_missing() - before == 15


def test_a_consumer_that_is_killed_while_it_fills_is_followed_exactly():
    class Killed(Exception):
        pass

    def kill_at_the_third():
        parts.append(1)
        if len(parts) == 3:
            raise Killed

    shop, parts = Shop(20), []
    shop.count()
    shop.send(60)
    shop.broker.trim(PLACE, 75)
    with pytest.raises(Killed):
        shop.count((0, 80), on_read=kill_at_the_third)
    assert 20 < sum(shop.counted()) < 75
    shop.count((0, 80))
    assert shop.counted() == [1] * 80


def test_an_archive_that_does_not_answer_is_waited_for():
    def fail_once():
        failures.append(1)
        if len(failures) == 2:
            raise Unavailable("Postgres is away")

    shop, failures, before = Shop(5), [], n_missing()
    shop.count()
    shop.send(60)
    shop.broker.trim(PLACE, 60)
    pipeline, source = shop.consumer((0, 65), on_read=fail_once)
    pipeline.step()
    assert not pipeline.is_positioned
    assert sum(shop.counted()) == 15
    work_off(pipeline, source)
    work_off(pipeline, source)
    assert shop.counted() == [1] * 65
    assert n_missing() == before


def test_partitions_that_go_elsewhere_meanwhile_are_left_to_whoever_has_them():
    shop = Shop(5)
    shop.count()
    shop.send(60)
    shop.broker.trim(PLACE, 60)
    pipeline, source = shop.consumer((0, 65))
    pipeline._sink._history.on_read = lambda: source.assign(frozenset())
    pipeline.step()
    pipeline._sink._history.on_read = lambda: None
    assert sum(shop.counted()) == 15
    pipeline.step()
    assert pipeline.is_positioned
    assert sum(shop.counted()) == 15


def test_a_state_restored_to_before_the_logs_start_is_filled_too():
    shop = Shop(20)
    pipeline, source = shop.count((0, 80))
    saved = copy.deepcopy(shop.state.tenants)
    shop.send(60)
    work_off(pipeline, source)
    shop.broker.trim(PLACE, 75)
    shop.state.tenants = saved
    pipeline.advance()
    work_off(pipeline, source)
    work_off(pipeline, source)
    assert shop.counted() == [1] * 80


def test_a_state_restored_while_it_is_filled_begins_again():
    shop = Shop(20)
    shop.count()
    saved = copy.deepcopy(shop.state.tenants)
    shop.send(60)
    shop.broker.trim(PLACE, 75)
    reads = []

    def restore_at_the_third():
        reads.append(1)
        if len(reads) == 3:
            shop.state.tenants = saved

    pipeline, source = shop.consumer((0, 80), on_read=restore_at_the_third)
    pipeline.step()
    work_off(pipeline, source)
    assert shop.counted() == [1] * 80


def test_a_state_that_never_counted_begins_where_the_log_does():
    shop, before = Shop(20), n_missing()
    shop.broker.trim(PLACE, 10)
    shop.count((0, 20))
    assert shop.counted() == [0] * 10 + [1] * 10
    assert n_missing() == before


SPANS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)).map(sorted), max_size=5).map(sorted)


@given(first=st.integers(0, 50), end=st.integers(0, 50), gaps=SPANS)
def test_spans_without_gaps_are_what_is_left(first, end, gaps):
    left = without(first, end, [(a, b) for a, b in gaps])
    expected = set(range(first, end)) - {offset for a, b in gaps for offset in range(a, b)}
    assert [offset for a, b in left for offset in range(a, b)] == sorted(expected)


@given(
    n_counted=st.integers(1, 30),
    starts=st.lists(st.integers(0, 60), min_size=1, max_size=3).map(sorted),
    spans=st.lists(st.integers(0, 60), min_size=2, max_size=6, unique=True).map(sorted),
)
def test_any_history_of_trims_counts_what_is_anywhere_and_reports_the_rest(n_counted, starts, spans):
    shop, before = Shop(n_counted), n_missing()
    shop.count()
    shop.send(60 - n_counted)
    archived = list(zip(spans[::2], spans[1::2], strict=False))
    for start in starts:
        shop.broker.trim(PLACE, start)
        pipeline, _ = shop.consumer(*archived)
        pipeline.step()  # fills, and reads nothing yet
    shop.count(*archived)
    in_archive = {offset for a, b in archived for offset in range(a, b)}
    lost = [o for o in range(n_counted, max(starts)) if o not in in_archive]
    assert [offset for offset, n in enumerate(shop.counted()) if n == 0] == lost
    assert max(shop.counted()) == 1
    assert n_missing() - before == len(lost)
