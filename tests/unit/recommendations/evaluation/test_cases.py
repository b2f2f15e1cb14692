import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.evaluation.cases import MAX_RECENT, held_back, next_steps
from recommendations.evaluation.log import Interactions
from recommendations.evaluation.splits import (
    DAY_SECONDS,
    NothingToAsk,
    Targets,
    last_days,
    last_of_each,
    last_shoppers,
    split,
)


def log_of(*steps):
    """Return a log of (shopper, product, day) steps."""
    shoppers, rows, days = zip(*steps, strict=True)
    return Interactions.of(shoppers, rows, np.array(days) * DAY_SECONDS)


def asked(cases):
    """Return each case as what the shopper met, newest first, and what is right."""
    targets = np.split(cases.target_rows, cases.target_starts[1:-1])
    return [
        ([row for row in line if row >= 0], sorted(wanted.tolist()))
        for line, wanted in zip(cases.recent().tolist(), targets, strict=True)
    ]


ANNA_AND_BEN = log_of((0, 10, 1), (1, 20, 1), (0, 11, 2), (1, 21, 3), (0, 12, 3), (0, 13, 3))


def test_each_step_of_the_test_part_is_asked_for_from_all_before_it():
    cases = next_steps(ANNA_AND_BEN, last_days(ANNA_AND_BEN, 1))
    assert asked(cases) == [([11, 10], [12]), ([12, 11, 10], [13]), ([20], [21])]


def test_the_rest_is_asked_for_once_a_shopper():
    cases = held_back(ANNA_AND_BEN, last_days(ANNA_AND_BEN, 1))
    assert asked(cases) == [([11, 10], [12, 13]), ([20], [21])]


def test_the_last_of_each_shopper_with_two():
    log = log_of((0, 10, 1), (0, 11, 2), (1, 20, 9), (2, 30, 3), (2, 31, 3))
    assert log.rows[last_of_each(log)].tolist() == [11, 31]


def test_of_a_stranger_nothing_is_asked_but_it_is_told_how_many():
    log = log_of((0, 10, 1), (1, 20, 2), (1, 21, 2))
    found = split(log, last_days(log, 1), Targets.NEXT, novel=False)
    assert asked(found.cases) == [([20], [21])]
    assert found.n_strangers == 1


def test_what_was_just_seen_is_not_asked_for():
    log = log_of((0, 10, 1), (0, 11, 2), (0, 10, 2), (0, 12, 2))
    is_test = last_days(log, 1)
    assert asked(next_steps(log, is_test).novel()) == [([10], [11]), ([10, 11], [12])]
    assert asked(held_back(log, is_test).novel()) == [([10], [11, 12])]


def test_training_ends_before_the_first_question():
    found = split(ANNA_AND_BEN, last_days(ANNA_AND_BEN, 1), Targets.NEXT, novel=False)
    assert sorted(found.train.rows.tolist()) == [10, 11, 20]
    assert found.now_seconds == 2 * DAY_SECONDS


def test_a_split_without_training_or_cases_says_so():
    with pytest.raises(NothingToAsk):
        split(ANNA_AND_BEN, last_days(ANNA_AND_BEN, 30), Targets.NEXT, novel=False)
    with pytest.raises(NothingToAsk):
        last_days(Interactions.of([0], [1]), 1)


def test_the_last_shoppers_of_a_log_without_times():
    log = Interactions.of(np.repeat(np.arange(10), 2), np.arange(20))
    assert log.rows[last_shoppers(log, 0.2)].tolist() == [16, 17, 18, 19]


@given(st.lists(st.integers(0, 8), min_size=2, max_size=2 * MAX_RECENT))
def test_recent_products_are_the_newest_each_once(rows):
    log = Interactions.of(np.zeros(len(rows)), rows)
    (line,) = next_steps(log, np.arange(len(rows)) == len(rows) - 1).recent().tolist()
    assert [row for row in line if row >= 0] == list(dict.fromkeys(rows[-2 : -2 - MAX_RECENT : -1]))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(1, 4)), min_size=2, max_size=30))
def test_no_question_knows_its_answer(steps):
    """Whatever the log: a case's history is the shopper's own, and older than what is asked for."""
    log = log_of(*steps)
    is_test = last_days(log, 2)
    for cases in (next_steps(log, is_test), held_back(log, is_test)):
        for begin, end in zip(cases.begins, cases.ends, strict=True):
            assert (log.shoppers[begin:end] == log.shoppers[end]).all()
            assert (log.seconds[begin:end] <= log.seconds[end]).all()
    wanted = {(s, r) for s, r in zip(log.shoppers[is_test], log.rows[is_test], strict=True)}
    rest = held_back(log, is_test)
    owners = np.repeat(rest.shoppers, rest.n_targets)
    assert set(zip(owners, rest.target_rows, strict=True)) <= wanted


def test_a_session_ends_after_half_an_hour_of_silence():
    log = Interactions.of([0, 0, 0, 1], [1, 2, 3, 4], [0, 1800, 3601, 3601])
    assert log.by_session()[1].tolist() == [0, 0, 1, 2]
