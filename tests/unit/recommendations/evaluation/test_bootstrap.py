import numpy as np
import pytest

from recommendations.evaluation.bootstrap import Bootstrap, interval


def test_what_is_the_same_for_all_has_no_spread():
    means = Bootstrap(np.arange(50), 100, seed=1).means(np.full((50, 1), 0.3))
    assert interval(means[:, 0]) == pytest.approx((0.3, 0.3))


def test_one_seed_gives_the_same_bounds_and_another_does_not():
    values = np.random.default_rng(0).random((200, 2))
    one, same, other = (Bootstrap(np.arange(200), 200, seed).means(values) for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()


def test_the_bounds_are_about_two_standard_errors_wide_on_either_side():
    values = np.random.default_rng(0).normal(size=(2000, 1))
    low, high = interval(Bootstrap(np.arange(2000), 2000, seed=0).means(values)[:, 0])
    assert high - low == pytest.approx(2 * 1.96 / np.sqrt(2000), rel=0.1)
    assert low < values.mean() < high


def test_cases_of_one_shopper_are_no_independent_observations():
    values = np.repeat(np.random.default_rng(0).normal(size=(100, 1)), 20, axis=0)
    alone = interval(Bootstrap(np.arange(2000), 1000, seed=0).means(values)[:, 0])
    together = interval(Bootstrap(np.repeat(np.arange(100), 20), 1000, seed=0).means(values)[:, 0])
    assert together[1] - together[0] > 3 * (alone[1] - alone[0])
