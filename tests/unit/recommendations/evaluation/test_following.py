from collections import defaultdict
from itertools import pairwise
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine.weights import ScoringWeights
from recommendations.evaluation.cases import next_steps
from recommendations.evaluation.following import FollowingParameters, Sequence, learn_bought, learn_viewed
from recommendations.evaluation.log import Interactions

N = 6
STEPS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, N - 1), st.integers(0, 10**7)), max_size=25)


def lists_of(steps, parameters):
    shoppers, rows, seconds = zip(*steps, strict=True)
    return learn_viewed(Interactions.of(shoppers, rows, seconds), N, 1e7, parameters)


def once_each(session):
    firsts = {}
    for at, place, row in session:
        firsts.setdefault(row, (at, place, row))
    return list(firsts.values())


def one_by_one(steps, parameters):
    """Return the lists as a loop over all pairs has them."""
    lists = defaultdict(float)
    for shopper in range(3):
        visit = sorted((at, place, row) for place, (who, row, at) in enumerate(steps) if who == shopper)
        sessions = [visit[:1]]
        for before, step in pairwise(visit):
            sessions.append([step]) if step[0] - before[0] > 1800 else sessions[-1].append(step)
        for session in map(once_each, sessions):
            for i, (one_at, _, one) in enumerate(session):
                for distance, (other_at, _, other) in enumerate(session[i + 1 : i + 1 + parameters.max_distance], 1):
                    if one != other:
                        near = exp(-distance / parameters.distance_scale)
                        lists[one, other] += near * 0.5 ** ((1e7 - other_at) / parameters.half_life_seconds)
                        back = near * 0.5 ** ((1e7 - one_at) / parameters.half_life_seconds)
                        lists[other, one] += parameters.backward * back
    return lists


@given(STEPS.filter(bool))
def test_lists_are_those_of_all_pairs_one_by_one(steps):
    # So that sessions have more than one step.
    steps = [(shopper, row, at if at % 2 else at % 3600) for shopper, row, at in steps]
    parameters = FollowingParameters(max_distance=3)
    found, expected = lists_of(steps, parameters).todok(), one_by_one(steps, parameters)
    assert dict(found.items()) == pytest.approx(dict(expected))


def test_a_list_keeps_its_strongest():
    # After 0 comes 1 twice and each of the others once.
    steps = [(0, 0, 0), (0, 1, 1), (1, 0, 0), (1, 1, 1), (2, 0, 0), (2, 2, 1), (2, 3, 2)]
    found = lists_of(steps, FollowingParameters(list_size=2))
    assert found[[0]].indices.tolist() == [1, 2]


def test_a_shoppers_last_product_counts_most_and_the_one_before_less():
    parameters = FollowingParameters()
    lists = learn_viewed(Interactions.of([0, 0, 1, 1], [0, 1, 2, 3]), N, 0.0, parameters)
    log = Interactions.of([9, 9, 9], [0, 2, 5])
    found = Sequence(lists, ScoringWeights(sequence_decay=exp(-1 / 3))).opinions(next_steps(log, log.rows == 5))
    scores = dict(zip(found.rows.tolist(), found.scores.tolist(), strict=True))
    assert scores[1] == pytest.approx(scores[3] * exp(-1 / 3))


def test_what_was_bought_in_one_session_leads_both_ways():
    log = Interactions.of([0, 0, 0, 1], [0, 1, 2, 1], purchases=[True, False, True, True])
    found = learn_bought(log, N, 0.0, FollowingParameters()).todok()
    assert dict(found.items()) == {(0, 2): 1.0, (2, 0): 1.0}
