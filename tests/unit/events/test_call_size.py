"""How large calls to the live state are: as large as they may be without keeping others waiting."""

import pytest

from events.live.sequences.memory import MemorySequences
from events.sinks.pace import CallSize
from events.sinks.sequences import SequenceSink
from tests.unit.events.test_pipeline import Skus, Tenants


def learnt(microseconds_per_event):
    size = CallSize()
    for _ in range(50):
        size.learn(200, 200 * microseconds_per_event / 1e6)
    return size


def test_a_call_carries_at_most_200_events():
    assert CallSize().of(200) == 200


def test_a_backlog_goes_in_larger_calls():
    assert CallSize().of(4000) == 500


def test_a_call_that_would_take_longer_than_10_ms_carries_less():
    assert 95 <= learnt(100).of(200) <= 105


def test_a_backlogs_call_may_take_20_ms():
    assert 190 <= learnt(100).of(4000) <= 210


def test_sequences_calls_are_shorter_so_that_trends_do_not_wait_for_them():
    size = SequenceSink(MemorySequences(), Tenants(default=1), Skus())._make_call_size()
    for _ in range(50):
        size.learn(100, 100 * 100e-6)
    assert (size.of(200), size.of(4000)) == (pytest.approx(30, abs=1), pytest.approx(60, abs=1))


def test_a_state_that_is_fast_again_gets_full_calls_again():
    size = learnt(1000)
    assert size.of(200) == 20
    for _ in range(50):
        size.learn(20, 20 * 10e-6)
    assert size.of(200) == 200


def test_one_slow_call_changes_little():
    size = learnt(20)
    size.learn(200, 0.030)
    assert size.of(200) == 200


def test_tiny_calls_say_nothing():
    size = learnt(20)
    for _ in range(100):
        size.learn(1, 0.005)
    assert size.of(200) == 200
