"""Why a product is shown: a code for programs, a sentence for people."""

from dataclasses import dataclass
from enum import StrEnum


class ReasonCode(StrEnum):
    SIMILAR = "similar"
    TRENDING = "trending"
    BEHAVIOUR = "behaviour"
    PREFERENCE = "preference"
    ALSO_VIEWED = "also_viewed"
    BOUGHT_TOGETHER = "bought_together"
    BOUGHT_AFTER = "bought_after"
    POPULAR = "popular"
    BEST_RATED = "best_rated"
    NEW = "new"


_SENTENCES = {
    ReasonCode.SIMILAR: "Similar to your viewed product",
    ReasonCode.TRENDING: "Trending in {category}",
    ReasonCode.BEHAVIOUR: "Because you looked at {product}",
    ReasonCode.PREFERENCE: "From a category you like: {category}",
    ReasonCode.ALSO_VIEWED: "Viewed next by shoppers who viewed {product}",
    ReasonCode.BOUGHT_TOGETHER: "Bought together with {product}",
    ReasonCode.BOUGHT_AFTER: "Bought by shoppers who viewed {product}",
    ReasonCode.POPULAR: "Popular in this shop right now",
    ReasonCode.BEST_RATED: "Highly rated by customers",
    ReasonCode.NEW: "New in this shop",
}
# Those that name nothing.
PLAIN_SENTENCES = {code: text for code, text in _SENTENCES.items() if "{" not in text}
_AGAIN = "You looked at this recently"


@dataclass(frozen=True, slots=True)
class Reason:
    """``because_of``: the row of the product that led here; a behaviour without one is the product's own."""

    code: ReasonCode
    because_of: int | None = None


PLAIN_REASONS = {code: Reason(code) for code in ReasonCode}


def sentence(code: ReasonCode, category: str, product: str | None = None) -> str:
    """Return the reason in words.

    ``category``: the name of the shown product's own; ``product``: the name of the product that led to it.
    """
    if code is ReasonCode.BEHAVIOUR and product is None:
        return _AGAIN
    return _SENTENCES[code].format(category=category, product=product)
