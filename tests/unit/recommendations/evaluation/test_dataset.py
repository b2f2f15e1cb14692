"""Validation parts: cut from the training part, never touching the test part, and later than what is learned from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.evaluation.dataset import Cut, Dataset, Source
from recommendations.evaluation.log import Interactions
from recommendations.evaluation.splits import DAY_SECONDS, last_days, last_of_each, last_shoppers

# Who, and in which minute of ten days.
STEPS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 10 * 24 * 60)), min_size=2, max_size=40, unique=True)
CUTS = {
    Cut.DAYS: lambda log: last_days(log, 2),
    Cut.LAST: last_of_each,
    Cut.FILE: lambda log: last_days(log, 1),
    Cut.SESSIONS: lambda log: last_shoppers(log, 0.3),
}


def dataset_of(cut, steps, *, has_times=True):
    steps = [(9, 0), *steps, (9, 10 * 24 * 60)]  # something before and something in every test part
    shoppers, minutes = zip(*steps, strict=True)
    # Rows are numbers of their own, to know each interaction by.
    log = Interactions.of(shoppers, np.arange(len(steps)), 60.0 * np.array(minutes) + 60 if has_times else 0.0)
    return Dataset(Source(cut, "log", n_days=2), None, log, CUTS[cut](log))


@pytest.mark.parametrize("cut", [Cut.DAYS, Cut.LAST, Cut.FILE])
@given(steps=STEPS)
def test_it_holds_what_is_not_asked_in_the_test_and_nothing_else(cut, steps):
    dataset = dataset_of(cut, steps)
    validation = dataset.validation()
    assert set(validation.log.rows) == set(dataset.log.rows[~dataset.is_test])


@given(steps=STEPS)
def test_its_days_are_those_before_the_tests(steps):
    dataset = dataset_of(Cut.DAYS, steps)
    validation = dataset.validation()
    asked = validation.log.seconds[validation.is_test]
    assert asked.max() < dataset.log.seconds[dataset.is_test].min()
    assert asked.max() - asked.min() < 2 * DAY_SECONDS
    assert (validation.log.seconds[~validation.is_test] < asked.min()).all()


@given(steps=STEPS)
def test_of_sessions_without_times_the_last_are_asked_for(steps):
    validation = dataset_of(Cut.SESSIONS, steps, has_times=False).validation()
    asked = validation.log.shoppers[validation.is_test]
    assert asked.min(initial=99) > validation.log.shoppers[~validation.is_test].max(initial=-1)
