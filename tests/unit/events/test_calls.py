"""Batches under way: whatever fails, and however many were sent behind it, each event counts once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.live.base import NO_OFFSET, Batch, Rejected, Step, WentBack
from events.live.memory import MemoryLiveState
from events.sinks.calls import Calls
from sdr.exceptions import Unavailable
from tests.unit.events.factories import LOG, START, make_live_event

POISON = 13


class Fragile(MemoryLiveState):
    """Does with each call what ``fates`` says, and then what it should; never takes the poison."""

    def __init__(self, fates=()):
        super().__init__()
        self.fates = list(fates)

    def apply(self, batch):
        fate = self.fates.pop(0) if self.fates else "taken"
        if fate == "lost":
            raise Unavailable("gone for a moment")
        if any(event.product_id == POISON for event in batch.events):
            raise Rejected("poison")
        applied = super().apply(batch)
        if fate == "done, but not heard of":
            raise Unavailable("gone for a moment")
        return applied


def calls_to(state):
    calls = Calls(state, lambda *_: None, lambda *_: None)
    calls.read_offsets(["default"], [LOG])
    return calls


def batch_of(products, first_offset):
    events = [make_live_event(product, first_offset + n) for n, product in enumerate(products)]
    return Batch("default", [Step(LOG, NO_OFFSET, first_offset + len(products), 0)], START, events)


def patiently(work):
    while True:
        try:
            return work()
        except Unavailable:
            continue


def counted(state):
    return dict(state.tenants["default"].clicks)


@given(
    st.lists(st.lists(st.sampled_from([1, 2, POISON]), min_size=1, max_size=5), max_size=6),
    st.lists(st.sampled_from(["taken", "lost", "done, but not heard of"]), max_size=12),
    st.integers(0, 3),
)
def test_each_event_counts_once_whatever_becomes_of_calls(parts, fates, n_under_way):
    state = Fragile(fates)
    calls, offset = calls_to(state), 0
    for part in parts:
        batch = batch_of(part, offset)
        offset += len(part)
        patiently(lambda batch=batch: calls.send(batch))
        patiently(lambda: calls.wait(n_under_way))
    patiently(calls.wait)
    everything = [product for part in parts for product in part if product != POISON]
    assert counted(state) == {product: everything.count(product) for product in set(everything)}
    assert state.tenants["default"].offsets.get(LOG, 0) == offset


def test_a_state_that_went_back_is_noticed_though_more_was_sent_behind():
    state = MemoryLiveState()
    calls = calls_to(state)
    calls.send(batch_of([1, 2], 0))
    calls.wait()
    state.tenants.clear()
    calls.send(batch_of([1], 2))
    calls.send(batch_of([2], 3))
    with pytest.raises(WentBack):
        calls.wait()
    assert counted(state) == {}


def test_an_outage_does_not_pile_up_what_waits():
    state = Fragile(["lost"] * 21)
    calls, batch = calls_to(state), batch_of([1], 0)
    calls.send(batch)
    with pytest.raises(Unavailable):
        calls.wait()
    for n_tried in range(2, 22):
        with pytest.raises(Unavailable):
            calls.send(batch)
        assert len(state.fates) == 21 - n_tried
    calls.wait()
    assert counted(state) == {1: 1}
