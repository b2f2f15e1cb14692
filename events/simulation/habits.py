"""How simulated shoppers behave."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Habits:
    """Every field that is no count is a probability.

    ``exponent``: the popularity of the product of rank r is r^−exponent; 0 makes all alike.
    """

    exponent: float = 1.0
    loyalty: float = 0.8  # to stay within the session's category; a user's sessions begin in their favourite as often
    anonymous: float = 0.5  # to have a session and no user
    returning: float = 0.6  # of a user's visit, not to be the first
    at_once: int = 200  # sessions that are open at the same time
    products_met: float = 5.0  # mean number of products in a session
    next_at_once: float = 0.5  # to go on within the moment, so that a session's events come in bursts

    # A fashion is a burst of interest in one product: something for trends to find.
    fashion_begins: float = 0.002  # at the start of a session, while there is none
    fashion_sessions: int = 300
    fashion_pull: float = 0.25  # to meet the product in fashion instead of another

    # The funnel: each step given that the one before was taken.
    click: float = 0.55
    add_to_cart: float = 0.2
    purchase: float = 0.45
    remove_from_cart: float = 0.15
    rating: float = 0.2
    wishlist: float = 0.04
    dislike: float = 0.015


# How many of a hundred ratings give one star, two, … five: people rate what they like.
STARS = (6, 4, 10, 28, 52)
