"""The consumer loop over a memory broker: exact, whatever happens around it."""

import copy
import math

import pytest

from events.broker.base import Partition
from events.broker.memory import MemoryBroker, MemorySource
from events.kinds import PRODUCT_CLICKS, TOPICS, TREND_WEIGHTS, USER_BEHAVIOR, Kind
from events.live.memory import MemoryLiveState
from events.pipeline import Pipeline
from events.sinks.live import LiveSink
from sdr.exceptions import Unavailable
from tests.unit.events.factories import START, make_event, make_record


class Tenants:
    def __init__(self, **ids):
        self._ids = ids

    def ids(self, needed=()):
        return self._ids

    def weights(self, slug):
        return TREND_WEIGHTS if slug != "heavy" else {Kind.CLICK: 10.0}


class Skus:
    def __init__(self, **ids):
        self._ids = ids

    def resolve(self, _tenant_id, skus):
        return {sku: self._ids[sku] for sku in skus if sku in self._ids}


class UnreliableState(MemoryLiveState):
    """Answers every other call with an outage, before or after having done the work."""

    def __init__(self, *, does_the_work):
        super().__init__()
        self.does_the_work, self.n_calls = does_the_work, 0

    def apply(self, batch):
        self.n_calls += 1
        if self.n_calls % 2 == 0:
            return super().apply(batch)
        if self.does_the_work:
            super().apply(batch)
        raise Unavailable("gone for a moment")


@pytest.fixture
def broker():
    made = MemoryBroker()
    made.now_ms = int(START * 1000)
    return made


def make_pipeline(broker, state, *, tenants=("default",), skus=None):
    source = MemorySource(broker, TOPICS)
    ids = {tenant: number for number, tenant in enumerate(tenants, start=1)}
    sink = LiveSink(state, Tenants(**ids), Skus(**(skus or {})))
    return Pipeline(source, sink), source


def send(broker, event, *, topic=PRODUCT_CLICKS, partition=0):
    record = make_record(event)
    broker.append(Partition(topic, partition), record.value)


def clicks(state, tenant="default"):
    return dict(state.tenants[tenant].clicks)


def work_off(pipeline, source):
    pipeline.step()
    while sum(source.lag().values()):
        pipeline.step()
    pipeline.step()  # reads nothing, and so waits for what is under way


def test_what_is_sent_is_counted(broker):
    state = MemoryLiveState()
    pipeline, source = make_pipeline(broker, state)
    for product in (1, 1, 2):
        send(broker, make_event(product), partition=product % 2)
    send(broker, make_event(3, kind=Kind.PURCHASE), topic=USER_BEHAVIOR)
    work_off(pipeline, source)
    assert clicks(state) == {1: 2, 2: 1, 3: 0}
    assert set(state.tenants["default"].week) == {1, 2, 3}


def test_a_consumer_that_is_killed_and_started_again_counts_everything_once(broker):
    state = MemoryLiveState()
    for n in range(500):
        send(broker, make_event(n % 7 + 1), partition=n % 2)
    for _ in range(2):
        pipeline, _ = make_pipeline(broker, state)  # the old one is dropped without a word
        for _ in range(2):
            pipeline.step()
    pipeline, source = make_pipeline(broker, state)
    work_off(pipeline, source)
    assert sum(clicks(state).values()) == 500


@pytest.mark.parametrize("does_the_work", [True, False])
def test_a_call_with_unknown_outcome_is_repeated_and_counts_once(broker, does_the_work):
    state = UnreliableState(does_the_work=does_the_work)
    pipeline, source = make_pipeline(broker, state)
    for _ in range(450):
        send(broker, make_event(1))
    work_off(pipeline, source)
    assert clicks(state) == {1: 450}


def test_what_is_under_way_when_partitions_move_is_not_counted_again(broker):
    state = MemoryLiveState()
    pipeline, source = make_pipeline(broker, state)
    pipeline.step()
    for n in range(100):
        send(broker, make_event(n % 7 + 1))
    pipeline.step()  # its call may still be under way
    source.assign(source.assigned())
    work_off(pipeline, source)
    assert sum(clicks(state).values()) == 100


def test_a_call_that_failed_under_way_is_made_again_though_nothing_follows(broker):
    state = UnreliableState(does_the_work=False)
    pipeline, source = make_pipeline(broker, state)
    send(broker, make_event(1))
    work_off(pipeline, source)
    assert clicks(state) == {1: 1}


def test_a_state_that_went_back_in_time_is_filled_again(broker):
    state = MemoryLiveState()
    pipeline, source = make_pipeline(broker, state)
    send(broker, make_event(1))
    work_off(pipeline, source)
    saved = copy.deepcopy(state.tenants)
    send(broker, make_event(1))
    work_off(pipeline, source)
    state.tenants = saved
    send(broker, make_event(1))
    work_off(pipeline, source)
    work_off(pipeline, source)
    assert clicks(state) == {1: 3}


def test_going_back_is_noticed_even_when_nobody_clicks(broker):
    state = MemoryLiveState()
    pipeline, source = make_pipeline(broker, state)
    send(broker, make_event(1))
    work_off(pipeline, source)
    state.tenants.clear()
    pipeline.advance()
    work_off(pipeline, source)
    work_off(pipeline, source)
    assert clicks(state) == {1: 1}


def test_a_quiet_tenant_is_moved_on(broker):
    state = MemoryLiveState()
    pipeline, source = make_pipeline(broker, state, tenants=("default", "quiet"))
    send(broker, make_event(1))
    work_off(pipeline, source)
    pipeline.advance()
    assert state.offsets(["quiet"], ["product_clicks@first/0"])["quiet", "product_clicks@first/0"] == 1


def test_a_topic_that_is_created_anew_is_read_from_its_beginning(broker):
    state = MemoryLiveState()
    pipeline, source = make_pipeline(broker, state)
    for _ in range(3):
        send(broker, make_event(1))
    work_off(pipeline, source)
    broker.recreate("second")
    send(broker, make_event(1))
    source.assign(source.assigned())
    work_off(pipeline, source)
    assert clicks(state) == {1: 4}


@pytest.mark.parametrize(
    "value", [b"", b"\xff", b"{}", b"[1]", make_record(make_event(1)).value.replace(b'n":1', b'n":2')]
)
def test_garbage_stops_nothing(broker, value):
    state = MemoryLiveState()
    pipeline, source = make_pipeline(broker, state)
    broker.append(Partition(PRODUCT_CLICKS, 0), value)
    send(broker, make_event(1))
    work_off(pipeline, source)
    assert clicks(state) == {1: 1}


@pytest.mark.parametrize("at", [START + 301, START - 24 * 3600 - 1])
def test_too_early_and_too_late_events_leave_the_trends_alone(broker, at):
    state = MemoryLiveState()
    pipeline, source = make_pipeline(broker, state)
    send(broker, make_event(1, at=at, received_at=START))
    send(broker, make_event(2, tenant="nobody"))
    work_off(pipeline, source)
    assert clicks(state) == {}


def test_a_message_that_claims_to_come_from_the_future_leaves_the_trends_alone(broker):
    state = MemoryLiveState()
    pipeline, source = make_pipeline(broker, state)
    send(broker, make_event(1, at=START + 10_000, received_at=START + 10_000))
    work_off(pipeline, source)
    assert clicks(state) == {}


def test_a_sku_counts_for_its_product_and_an_unknown_one_for_none(broker):
    state = MemoryLiveState()
    pipeline, source = make_pipeline(broker, state, skus={"A": 5})
    for sku in ("A", "B"):
        send(broker, make_event(None, sku=sku))
    work_off(pipeline, source)
    assert clicks(state) == {5: 1}


def test_one_call_never_spans_two_buckets_of_the_dedup_window(broker):
    state = MemoryLiveState()
    pipeline, source = make_pipeline(broker, state)
    event = make_event(1)
    for minutes in (0, 9, 40):  # known after nine minutes, forgotten after forty
        broker.now_ms = int((START + 60 * minutes) * 1000)
        send(broker, event)
    work_off(pipeline, source)
    assert clicks(state) == {1: 2}


def test_each_tenant_weighs_events_its_own_way(broker):
    state = MemoryLiveState()
    pipeline, source = make_pipeline(broker, state, tenants=("default", "heavy"))
    for tenant in ("default", "heavy"):
        send(broker, make_event(1, tenant=tenant))
    work_off(pipeline, source)
    gain = state.tenants["heavy"].week[1] - state.tenants["default"].week[1]
    assert math.exp(gain) == pytest.approx(10.0)


def test_stopping_finishes_the_batch_and_leaves_the_group(broker):
    state = MemoryLiveState()
    pipeline, source = make_pipeline(broker, state)
    send(broker, make_event(1))
    work_off(pipeline, source)
    pipeline.stop()
    pipeline.run()
    assert source.assigned() == frozenset()
    assert clicks(state) == {1: 1}


def test_a_consumer_says_how_far_behind_it_is_until_it_has_caught_up(broker, monkeypatch):
    said = []
    pipeline, source = make_pipeline(broker, MemoryLiveState())
    pipeline._on_alive = lambda partitions, seconds_behind: said.append((len(partitions), seconds_behind))
    for n in range(300):
        send(broker, make_event(n % 7 + 1), partition=0)
    monkeypatch.setattr("sdr.clock.now_seconds", lambda: START + 60)
    work_off(pipeline, source)
    assert said[0] == (len(source.assigned()), pytest.approx(60))
    assert said[-1] == (len(source.assigned()), 0.0)
