"""Latency on a timetable counts from when a request was due, and load goes nowhere but to this machine."""

import numpy as np
import pytest

from benchmarks._load import Answers, Target, as_fast_as_answered, on_a_timetable, since_due

N, PER_SECOND, TAKES = 1000, 100, 0.002


def answers(sent_at):
    latency = since_due(sent_at, np.full(N, TAKES), np.arange(N), PER_SECOND)
    return Answers(np.sort(latency), 0, N / PER_SECOND)


def test_an_answer_in_time_took_what_it_took():
    found = answers(7.0 + np.arange(N) / PER_SECOND)
    assert found.share(0.5) == pytest.approx(TAKES)
    assert found.share(1.0) == pytest.approx(TAKES)
    assert found.n_late == 0


def test_a_stall_shows_in_every_request_that_fell_into_it():
    due = np.arange(N) / PER_SECOND
    stalled = np.where((due >= 3.0) & (due < 4.0), 4.0, due)  # nobody sends for a second
    found = answers(stalled)
    assert found.share(1.0) == pytest.approx(1.0 + TAKES)
    assert found.share(0.95) == pytest.approx(0.5, abs=0.02)  # a tenth of all requests waited, half a second on average
    assert found.n_late == 91


def test_failures_are_no_latencies():
    with pytest.raises(RuntimeError, match="No request"):
        Answers(np.array([]), 5, 1.0).share(0.5)


@pytest.mark.parametrize("send", [lambda t: as_fast_as_answered(t, 1), lambda t: on_a_timetable(t, 1, 10)])
def test_load_goes_only_to_this_machine(send):
    with pytest.raises(ValueError, match="not on this machine"):
        send([Target("http://127.0.0.1:1/"), Target("http://192.0.2.1/")])


@pytest.mark.parametrize(("seconds", "per_second"), [(61, 10), (1, 20_001), (1, 0)])
def test_load_is_bounded_in_time_and_count(seconds, per_second):
    with pytest.raises(ValueError, match="at most"):
        on_a_timetable([Target("http://127.0.0.1:1/")], seconds, per_second)
