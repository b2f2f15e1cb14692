"""What a step teaches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.kinds import MEETING, Kind
from events.live.sequences import parameters
from events.live.sequences.kinds import Following
from events.live.sequences.parameters import BACKWARD, weight_at
from events.live.sequences.sessions import KIND_NUMBERS, Met, learn

VIEWED, BOUGHT, ENDED = Following
MINUTE = 60_000


def met(product, minute=0.0, kind=Kind.CLICK):
    return Met(int(minute * MINUTE), product, KIND_NUMBERS[kind])


def taught(*steps, kind=VIEWED, weight=1.0):
    """Return (product, follower) → weight of everything that these steps teach, in the order they arrive."""
    session, sums = [], {}
    for step in steps:
        for pair in learn(session, step, weight):
            if pair.following is kind:
                place = (pair.product_id, pair.follower_id)
                sums[place] = sums.get(place, 0) + pair.weight
    return sums


def test_the_five_products_before_lead_to_what_is_met_the_nearer_the_more():
    pairs = taught(*(met(product, product) for product in range(1, 8)))
    assert {pair: w for pair, w in pairs.items() if pair[1] == 7} == pytest.approx(
        {(7 - distance, 7): weight_at(distance) for distance in range(1, 6)}
    )
    assert pairs[7, 6] == pytest.approx(weight_at(1) * BACKWARD)
    assert weight_at(3) == pytest.approx(0.36788, abs=1e-5)


def test_the_kind_of_what_is_met_weighs():
    assert taught(met(1), met(2, 1), weight=3.0)[1, 2] == pytest.approx(3 * weight_at(1))
    assert taught(met(1), met(2, 1), weight=0.0) == {}


def test_half_an_hour_of_silence_ends_a_session():
    assert taught(met(1), met(2, 30))
    assert taught(met(1), met(2, 30.1)) == {}
    assert (1, 4) not in taught(met(1), met(2, 20), met(3, 51), met(4, 52))


def test_a_product_does_not_follow_itself_and_repeats_take_no_place():
    pairs = taught(met(1), met(2, 1), met(2, 2), met(2, 3, Kind.VIEW), met(3, 4))
    assert all(product != follower for product, follower in pairs)
    assert pairs[1, 3] == pytest.approx(weight_at(2))


def test_the_same_again_teaches_nothing_more_but_is_near_again():
    pairs = taught(met(1), met(2, 1), met(3, 2), met(1, 3), met(4, 4))
    assert pairs[1, 2] == pytest.approx(weight_at(1))
    assert pairs[1, 4] == pytest.approx(weight_at(1))


def test_a_cart_after_a_click_adds_to_what_the_click_taught():
    clicked = taught(met(1), met(2, 1))
    assert taught(met(1), met(2, 1), met(2, 2, Kind.ADD_TO_CART))[1, 2] == pytest.approx(2 * clicked[1, 2])


def test_what_comes_late_is_learned_where_it_belongs():
    in_order = taught(met(1), met(2, 1), met(3, 2))
    late = taught(met(1), met(3, 2), met(2, 1))
    assert {pair: late[pair] for pair in [(1, 2), (2, 3)]} == {pair: in_order[pair] for pair in [(1, 2), (2, 3)]}
    # What was learned across its place stays as it was.
    assert late[1, 3] == pytest.approx(weight_at(1))
    assert in_order[1, 3] == pytest.approx(weight_at(2))


def test_what_is_bought_in_one_session_is_bought_together_whatever_was_viewed_between():
    buy = Kind.PURCHASE
    steps = [met(1, 0, buy), *(met(product, 1) for product in range(10, 20)), met(2, 2, buy), met(3, 40, buy)]
    pairs = taught(*steps, kind=BOUGHT)
    assert pairs == {(1, 2): 1, (2, 1): 1}


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
def test_what_was_viewed_before_a_purchase_ended_in_it_whichever_topic_is_read_first(order):
    steps = [met(1), met(2, 1), met(9, 2, Kind.PURCHASE)]
    assert taught(*(steps[i] for i in order), met(3, 4), kind=ENDED) == {(1, 9): 1, (2, 9): 1}


def test_looking_twice_before_a_purchase_is_looking_once():
    steps = [met(1), met(1, 0.5, Kind.VIEW), met(9, 2, Kind.PURCHASE), met(1, 1, Kind.WISHLIST)]
    assert taught(*steps, kind=ENDED) == {(1, 9): 1}
    late_twice = [met(9, 2, Kind.PURCHASE), met(1, 1, Kind.VIEW), met(1, 0.5)]
    assert taught(*late_twice, kind=ENDED) == {(1, 9): 1}


def test_a_robot_teaches_next_to_nothing_however_long_it_goes_on():
    steps = [met(n % 997, n / 1000) for n in range(5000)]  # a thousand a minute
    fifty = taught(*steps[: parameters.MAX_STEPS])
    assert taught(*steps) == fifty
    assert sum(fifty.values()) < 200
    assert sum(taught(*(met(n % 2, n / 1000) for n in range(5000))).values()) == pytest.approx(1.5 * weight_at(1))


def test_a_robot_that_becomes_a_shopper_teaches_again():
    session = []
    for n in range(500):
        learn(session, met(n, n / 1000), 1.0)
    assert learn(session, met(1001, 5), 1.0) == []
    assert [pair.product_id for pair in learn(session, met(1002, 40), 1.0)] == []  # a session of its own
    assert {pair.product_id for pair in learn(session, met(1003, 41), 1.0)} == {1002, 1003}


def test_what_is_older_than_all_that_is_kept_teaches_nothing():
    session = [met(n, 60 + n) for n in range(parameters.MAX_STEPS)]
    before = list(session)
    assert learn(session, met(99, 59), 1.0) == []
    assert session == before


STEPS = st.builds(met, st.integers(1, 6), st.integers(0, 200), st.sampled_from(sorted(MEETING)))


@given(st.lists(STEPS, max_size=80))
def test_whatever_comes_in_whatever_order_a_session_stays_in_order_and_what_it_teaches_is_bounded(steps):
    session = []
    for step in steps:
        pairs = learn(session, step, 1.0)
        assert session == sorted(session, key=lambda known: known.at_ms)
        assert len(session) <= parameters.MAX_STEPS
        assert all(pair.product_id != pair.follower_id and pair.weight > 0 for pair in pairs)
        n_viewed = sum(pair.following is VIEWED for pair in pairs)
        assert n_viewed <= 4 * parameters.MAX_DISTANCE
        assert len({pair[:3] for pair in pairs}) == len(pairs)  # no pair twice
