"""The kinds of events, the topic each travels on, and its weight in the trends."""

from enum import StrEnum

PRODUCT_CLICKS = "product_clicks"
USER_BEHAVIOR = "user_behavior"
TOPICS = (PRODUCT_CLICKS, USER_BEHAVIOR)

# Not of events: what to show, asked for and answered.
RECOMMENDATION_REQUESTS = "recommendation_requests"
RECOMMENDATION_RESPONSES = "recommendation_responses"
RECOMMENDATIONS_SERVED = "recommendations_served"


class Kind(StrEnum):
    CLICK = "click"
    VIEW = "view"
    ADD_TO_CART = "add_to_cart"
    REMOVE_FROM_CART = "remove_from_cart"
    PURCHASE = "purchase"
    WISHLIST = "wishlist"
    RATING = "rating"
    DISLIKE = "dislike"


# Kinds that are missing change only the shopper's own state.
TREND_WEIGHTS: dict[Kind, float] = {
    Kind.VIEW: 0.2,
    Kind.CLICK: 1.0,
    Kind.WISHLIST: 2.0,
    Kind.ADD_TO_CART: 3.0,
    Kind.PURCHASE: 5.0,
}


# What makes a product one of the shopper's recent ones.
MEETING = frozenset({Kind.VIEW, Kind.CLICK, Kind.WISHLIST, Kind.ADD_TO_CART, Kind.PURCHASE})
# What is noted of the shopper besides. Views and clicks are only met.
MARKING = frozenset(Kind) - {Kind.VIEW, Kind.CLICK}


def dead_topic(topic: str) -> str:
    """Return where the messages of ``topic`` go that nobody could decode or accept."""
    return f"{topic}.dead"


DEAD_TOPICS = tuple(dead_topic(topic) for topic in TOPICS)


def topic_of(kind: Kind) -> str:
    return PRODUCT_CLICKS if kind in {Kind.CLICK, Kind.VIEW} else USER_BEHAVIOR
