"""The optimiser finds what is planted, the same with the same seed, and keeps the best of what it has."""

from itertools import count

import pytest

from recommendations.engine.weights import ScoringWeights
from recommendations.tuning.search import search
from recommendations.tuning.space import DIALS, turned, value_of

START = ScoringWeights()
SEQUENCE = [dial for dial in DIALS if dial.name in ("sequence", "sequence_decay")]


def peak_at(sequence):
    """Return an objective that likes one share of the lists, and nothing else."""
    return lambda weights: 1.0 - abs(weights.sequence - sequence)


def test_it_finds_a_planted_weight_and_leaves_alone_what_makes_no_difference():
    found = search(peak_at(0.85), START, SEQUENCE, n_trials=60)
    assert found.weights.sequence == pytest.approx(0.85, abs=0.05)
    assert found.weights.sequence_decay == START.sequence_decay
    assert found.value > found.start_value


def test_it_never_does_worse_than_what_it_began_with():
    found = search(peak_at(START.sequence), START, SEQUENCE, n_trials=8)
    assert (found.weights, found.value) == (START, found.start_value)


def test_the_same_seed_finds_the_same():
    one, again, other = (search(peak_at(0.3), START, DIALS, n_trials=40, seed=seed) for seed in (7, 7, 8))
    assert one == again
    assert one.weights != other.weights


def test_ctrl_c_keeps_the_best_so_far():
    tried, n = [], count(1)

    def objective(weights):
        if next(n) > 12:
            raise KeyboardInterrupt
        tried.append(weights)
        return peak_at(0.9)(weights)

    found = search(objective, START, SEQUENCE, n_trials=1000)
    assert found.is_cut_short
    assert found.n_trials == 11  # and what it began with
    assert found.value == max(map(peak_at(0.9), tried))


def test_each_trial_is_told():
    told = []
    search(peak_at(0.9), START, SEQUENCE, n_trials=5, on_trial=lambda *line: told.append(line))
    assert [n for n, _, _ in told] == [1, 2, 3, 4, 5]
    assert [best for _, _, best in told] == sorted(best for _, _, best in told)


@pytest.mark.parametrize("dial", DIALS, ids=lambda dial: dial.name)
def test_a_dial_that_is_turned_stands_there(dial):
    for value in (dial.low, dial.high):
        assert value_of(turned(START, [dial], {dial.name: value}), dial) == pytest.approx(value, abs=1e-4)
