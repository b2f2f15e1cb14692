"""A log becomes events: by time, moved to now as a whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.kinds import TREND_WEIGHTS, Kind
from recommendations.evaluation.log import Interactions
from recommendations.replay.script import Script

NOW = 1_780_000_000.0
IDS = np.arange(100, 110)


def log_of(*lines):
    shoppers, rows, seconds = zip(*lines, strict=True)
    return Interactions.of(shoppers, rows, seconds, TREND_WEIGHTS[Kind.PURCHASE], purchases=True)


def played(log):
    script = Script.of(log, NOW)
    return script, list(script.events(0, len(log), "shop", IDS))


def test_shoppers_take_turns_by_time_and_the_last_event_is_now():
    log = log_of((1, 4, 60.0), (0, 2, 0.0), (0, 3, 3600.0))
    _, events = played(log)
    assert [event.product_id for event in events] == [102, 104, 103]
    assert [event.occurred_at.timestamp() - NOW for event in events] == [-3600.0, -3540.0, 0.0]


def test_events_are_received_when_they_happen_under_the_names_of_their_shopper():
    (event,) = played(log_of((7, 1, 5.0)))[1]
    assert event.received_at == event.occurred_at
    assert (event.user_id, event.session_id, event.kind) == ("shopper-7", "visit-7", Kind.PURCHASE)


def test_lines_of_one_instant_keep_their_order():
    _, events = played(log_of(*((0, row, 5.0) for row in (3, 1, 2))))
    assert [event.product_id for event in events] == [103, 101, 102]
    assert sorted(event.occurred_at for event in events) == [event.occurred_at for event in events]
    assert len({event.occurred_at for event in events}) == 3


@pytest.mark.parametrize("kind", TREND_WEIGHTS)
def test_every_kind_that_counts_is_found_again(kind):
    log = Interactions.of([0], [1], 5.0, TREND_WEIGHTS[kind])
    assert played(log)[1][0].kind == kind


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 5).map(float)), min_size=1, max_size=30))
def test_before_a_shoppers_event_come_all_of_that_shoppers_earlier_ones(lines):
    log = log_of(*lines)
    script, events = played(log)
    for shopper in set(log.shoppers.tolist()):
        own = [event.product_id - 100 for event in events if event.user_id == f"shopper-{shopper}"]
        assert own == log.rows[log.shoppers == shopper].tolist()
    assert script.order[script.turns].tolist() == list(range(len(log)))
