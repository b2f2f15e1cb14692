"""Shoppers who do not exist behave like those who do, and the same seed repeats them."""

from collections import Counter
from datetime import UTC, datetime
from itertools import islice, pairwise
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.kinds import Kind
from events.simulation.actions import as_event
from events.simulation.dice import Dice
from events.simulation.habits import Habits
from events.simulation.shelf import Shelf, ShelfProduct
from events.simulation.shoppers import Shoppers
from events.validation import parse_event

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
PLAIN = Habits(fashion_begins=0.0)
AFTER = {
    Kind.CLICK: Kind.VIEW,
    Kind.ADD_TO_CART: Kind.CLICK,
    Kind.PURCHASE: Kind.ADD_TO_CART,
    Kind.RATING: Kind.PURCHASE,
}


def shelf(n_products=200, n_categories=8, *, exponent=1.0, seed=1):
    products = [ShelfProduct(n + 1, f"Category {n % n_categories}") for n in range(n_products)]
    return Shelf(products, exponent=exponent, seed=seed)


def stream(n, *, habits=PLAIN, seed=1, **of_shelf):
    return list(islice(Shoppers(shelf(**of_shelf), habits, seed=seed), n))


seeds = st.integers(0, 2**32)
probabilities = st.floats(0, 1)
habits = st.builds(
    Habits,
    loyalty=probabilities,
    anonymous=probabilities,
    returning=probabilities,
    at_once=st.integers(1, 50),
    products_met=st.floats(1, 30),
    next_at_once=st.floats(0, 1),
    fashion_begins=probabilities,
    click=probabilities,
    purchase=probabilities,
    rating=probabilities,
)


@given(seed=seeds, habits=habits)
@settings(max_examples=30, deadline=None)
def test_the_same_seed_gives_the_same_stream(seed, habits):
    assert stream(200, habits=habits, seed=seed) == stream(200, habits=habits, seed=seed)


def test_another_seed_gives_another_stream():
    assert stream(50, seed=1) != stream(50, seed=2)


@given(
    seed=seeds,
    habits=habits,
    exponent=st.floats(0, 3),
    n_products=st.integers(1, 40),
    n_categories=st.integers(1, 40),
)
@settings(max_examples=50, deadline=None)
def test_every_event_is_valid_and_of_a_product_on_the_shelf(seed, habits, exponent, n_products, n_categories):
    sold = {"n_products": n_products, "n_categories": n_categories, "exponent": exponent}
    for action in stream(100, habits=habits, seed=seed, **sold):
        event = parse_event(as_event(action, UUID(int=7), NOW), tenant="default", received_at=NOW)
        assert (event.kind, event.product_id, event.occurred_at) == (action.kind, action.product_id, NOW)
        assert 1 <= event.product_id <= n_products


def test_popularity_falls_as_the_exponent_says():
    counts = Counter(action.product_id for action in stream(60_000, n_products=500, exponent=1.0))
    falling = np.array(sorted(counts.values(), reverse=True), dtype=float)[:50]
    slope = np.polyfit(np.log(np.arange(1, 51)), np.log(falling), 1)[0]
    assert -1.25 < slope < -0.75


def test_without_an_exponent_all_are_alike():
    counts = Counter(action.product_id for action in stream(40_000, n_products=50, exponent=0.0))
    assert max(counts.values()) < 1.5 * min(counts.values())


def test_popular_products_are_not_those_with_low_ids():
    tops = {Counter(a.product_id for a in stream(2000, seed=seed)).most_common(1)[0][0] for seed in range(1, 6)}
    assert len(tops) == 1  # the shelf's seed decides what is popular, not the shoppers'
    by_shelf = {shelf(seed=seed).product_at(0, 0.3) for seed in range(20)}
    assert len(by_shelf) > 5


def test_a_session_keeps_to_its_category():
    assert share_of_commonest_category(loyalty=0.9) > share_of_commonest_category(loyalty=0.0) + 0.2


def share_of_commonest_category(*, loyalty):
    everybody = Shoppers(shelf(n_categories=20), Habits(loyalty=loyalty, fashion_begins=0, products_met=10), seed=3)
    shares = []
    for _ in range(400):
        categories = Counter(action.product_id % 20 for action in everybody.session())
        shares.append(categories.most_common(1)[0][1] / categories.total())
    return np.mean(shares)


def test_users_come_back_and_some_have_no_name():
    actions = stream(20_000)
    sessions = {action.session_id: action.user_id for action in actions}
    visits = Counter(user for user in sessions.values() if user)
    assert sum(n > 1 for n in visits.values()) > len(visits) / 4
    assert 0.4 < sum(user is None for user in sessions.values()) / len(sessions) < 0.6


def test_the_funnel_narrows():
    kinds = Counter(action.kind for action in stream(30_000))
    order = [Kind.VIEW, Kind.CLICK, Kind.ADD_TO_CART, Kind.PURCHASE, Kind.RATING]
    assert [kinds[kind] for kind in order] == sorted((kinds[kind] for kind in order), reverse=True)
    assert set(kinds) == set(Kind)


def test_within_a_session_nothing_is_bought_that_was_not_looked_at():
    everybody = Shoppers(shelf(), Habits(add_to_cart=0.9), seed=5)
    for _ in range(200):
        before = Kind.VIEW
        for action in everybody.session():
            if action.kind in AFTER:
                assert before is AFTER[action.kind] or before is Kind.WISHLIST
            before = action.kind


def test_ratings_have_stars_and_nothing_else_has():
    actions = stream(30_000)
    stars = Counter(action.value for action in actions if action.kind is Kind.RATING)
    assert set(stars) == {1.0, 2.0, 3.0, 4.0, 5.0}
    assert stars[5.0] > stars[1.0]
    assert all(action.value is None for action in actions if action.kind is not Kind.RATING)


def test_a_session_comes_in_bursts():
    def n_runs(next_at_once):
        actions = stream(5000, habits=Habits(next_at_once=next_at_once))
        return sum(a.session_id != b.session_id for a, b in pairwise(actions))

    assert n_runs(0.8) < n_runs(0.0) / 2


def test_a_fashion_lifts_one_product_for_a_while():
    calm = Counter(a.product_id for a in stream(5000, exponent=0.0))
    fashion = Habits(fashion_begins=1.0, fashion_pull=0.5, fashion_sessions=10_000)
    excited = Counter(a.product_id for a in stream(5000, habits=fashion, exponent=0.0))
    assert max(excited.values()) > 5 * max(calm.values())


def test_a_shelf_needs_a_product():
    with pytest.raises(ValueError, match="needs a product"):
        Shelf([], exponent=1, seed=0)


@given(seed=seeds, mean=st.floats(1, 50))
@settings(max_examples=20, deadline=None)
def test_counts_have_the_mean_that_was_asked_for(seed, mean):
    dice = Dice(seed)
    counts = [dice.how_many(mean) for _ in range(4000)]
    assert min(counts) >= 1
    assert np.mean(counts) == pytest.approx(mean, rel=0.15)


def test_an_exponent_may_be_a_whole_number():
    assert shelf(exponent=2, seed=4).product_at(0, 0.5) == shelf(exponent=2.0, seed=4).product_at(0, 0.5)
