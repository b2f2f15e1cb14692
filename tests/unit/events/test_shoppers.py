"""What is known of a shopper under two names is joined, and the newest mark holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.live.shoppers import join

NAMES = st.integers(1, 60).map(str)
TIMES = st.dictionaries(NAMES, st.floats(0, 1e9), max_size=50)


def of(*marks):
    return join([], marks, None)


def test_recent_products_of_user_and_session_are_one_list():
    assert join([{"5": 10.0, "6": 30.0}, {"7": 20.0, "5": 40.0}], [], None).recent == [5, 6, 7]


@given(first=TIMES, second=TIMES)
def test_joining_is_the_same_in_any_order_and_never_longer_than_fifty(first, second):
    joined = join([first, second], [], None)
    assert joined == join([second, first], [], None)
    assert len(joined.recent) == len(set(joined.recent)) == min(len(first.keys() | second.keys()), 50)
    times = [max(first.get(str(p), -1), second.get(str(p), -1)) for p in joined.recent]
    assert times == sorted(times, reverse=True)


def test_a_dislike_in_the_session_holds_for_the_user():
    assert of({"wishlist:5": 10.0}, {"dislike:5": 20.0}).disliked == {5}


@pytest.mark.parametrize("mark", ["add_to_cart:5", "purchase:5", "wishlist:5", "rating:5:3", "rating:5:4.5"])
def test_a_dislike_is_taken_back_by_a_later_sign_of_liking(mark):
    assert of({"dislike:5": 10.0, mark: 20.0}).disliked == frozenset()
    assert of({"dislike:5": 20.0, mark: 10.0}).disliked == {5}
    assert of({"dislike:5": 20.0, mark: 20.0}).disliked == {5}


@pytest.mark.parametrize("mark", ["remove_from_cart:5", "rating:5:2.5", "purchase:6"])
def test_nothing_else_takes_it_back(mark):
    assert of({"dislike:5": 10.0, mark: 20.0}).disliked == {5}


def test_a_newer_dislike_holds_again():
    assert of({"dislike:5": 10.0, "wishlist:5": 20.0}, {"dislike:5": 30.0}).disliked == {5}


def test_purchases_are_those_of_both_names():
    assert of({"purchase:5": 10.0, "wishlist:9": 5.0}, {"purchase:7": 3.0}).purchased == {5, 7}
