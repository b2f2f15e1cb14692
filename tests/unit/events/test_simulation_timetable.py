"""The timetable does not drift, and is followed whatever the receiver does."""

from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.kinds import Kind
from events.simulation.actions import Action, Due
from events.simulation.pacing import TICK_SECONDS, paced
from events.simulation.timetable import CYCLE_SECONDS, MAX_SURGE, Timetable, as_recorded, limited

CLICK = Action(Kind.CLICK, "u", None, 1)

rates = st.floats(0.01, 100_000)
surges = st.floats(1, MAX_SURGE)
numbers = st.integers(0, 10**9)


class HandClock:
    """A clock that moves when somebody waits, and by ``work`` seconds with every look at it."""

    def __init__(self, *, work=0.0, stops_after=float("inf")):
        self.now, self._work, self._stops_after = 0.0, work, stops_after

    def elapsed(self):
        self.now += self._work
        return self.now

    def wait(self, seconds):
        self.now += seconds
        return self.now > self._stops_after


@given(rate=rates, surge=surges, number=numbers)
def test_the_timetable_never_drifts(rate, surge, number):
    even = number / rate
    due = Timetable(rate, surge).due(number)
    assert abs(due - even) <= CYCLE_SECONDS + 1e-9 * even
    assert Timetable(rate).due(number) == even


@given(rate=rates, surge=surges, number=st.integers(0, 10**6))
def test_the_next_event_is_never_due_earlier(rate, surge, number):
    table = Timetable(rate, surge)
    assert table.due(number) <= table.due(number + 1) + 1e-9


@given(surge=surges, cycle=st.integers(0, 1000))
def test_a_surge_sends_as_much_more_and_every_cycle_ends_on_time(surge, cycle):
    table = Timetable(1000, surge)
    n_cycle = 1000 * int(CYCLE_SECONDS)
    first = cycle * n_cycle
    assert table.due(first) == pytest.approx(cycle * CYCLE_SECONDS, abs=1e-6)
    in_surge = [n for n in range(0, n_cycle, 10) if table.due(first + n) < cycle * CYCLE_SECONDS + 1 - 1e-6]
    assert len(in_surge) * 10 == pytest.approx(1000 * surge, abs=20)


def test_recorded_gaps_are_kept_and_divided():
    recorded = [(100.0, CLICK), (110.0, CLICK), (105.0, CLICK), (160.0, CLICK)]
    # The third stands in the wrong place: it keeps its place and comes with the one before.
    assert [due.seconds for due in as_recorded(recorded, speed_up=10)] == [0.0, 1.0, 1.0, 6.0]


def test_a_plan_ends_with_the_first_limit():
    endless = Timetable(10)
    for count, duration, n in [(5, None, 5), (None, 2.0, 20), (30, 2.0, 20), (5, 2.0, 5)]:
        plan = endless.plan(iter(lambda: CLICK, None))
        assert len(list(limited(plan, count=count, duration_seconds=duration))) == n


@given(rate=st.floats(1, 50_000), surge=surges, work=st.floats(0, 0.0001), max_events=st.integers(1, 1000))
def test_everything_is_sent_in_order_and_never_early(rate, surge, work, max_events):
    plan = list(islice(Timetable(rate, surge).plan(iter(lambda: CLICK, None)), 300))
    clock, sent = HandClock(work=work), []
    for batch in paced(plan, clock, max_events):
        assert 1 <= len(batch) <= max_events
        assert batch[-1].seconds <= clock.now
        sent += batch
    assert sent == plan


def test_on_a_machine_with_time_to_spare_nothing_is_later_than_a_tick():
    plan = list(islice(Timetable(2000).plan(iter(lambda: CLICK, None)), 5000))
    clock = HandClock()
    for batch in paced(plan, clock, 1000):
        assert clock.now - batch[0].seconds <= TICK_SECONDS + 1e-9


def test_after_a_pause_it_catches_up_at_once():
    plan = list(islice(Timetable(100).plan(iter(lambda: CLICK, None)), 400))
    clock, batches = HandClock(), []
    for batch in paced(plan, clock, 1000):
        batches.append(batch)
        if len(batches) == 1:
            clock.now += 2.0  # the receiver held us up
    assert len(batches[1]) >= 200
    assert clock.now <= plan[-1].seconds + TICK_SECONDS
    assert sum(map(len, batches)) == 400
    assert all(a.seconds <= b.seconds for a, b in pairwise(due for batch in batches for due in batch))


def test_a_stop_ends_it_while_it_waits():
    endless = Timetable(10).plan(iter(lambda: CLICK, None))
    sent = [due for batch in paced(endless, HandClock(stops_after=1.0), 1000) for due in batch]
    assert 9 <= len(sent) <= 12
    assert sent[0] == Due(0.0, CLICK)
