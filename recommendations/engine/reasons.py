"""Why a product is shown: a code for programs, a sentence for people."""

from enum import StrEnum


class ReasonCode(StrEnum):
    SIMILAR = "similar"
    TRENDING = "trending"
    BEHAVIOUR = "behaviour"
    PREFERENCE = "preference"
    POPULAR = "popular"
    BEST_RATED = "best_rated"
    NEW = "new"


_SENTENCES = {
    ReasonCode.SIMILAR: "Similar to your viewed product",
    ReasonCode.TRENDING: "Trending in {category}",
    ReasonCode.POPULAR: "Popular in this shop right now",
    ReasonCode.BEST_RATED: "Highly rated by customers",
    ReasonCode.NEW: "New in this shop",
}


def sentence(code: ReasonCode, category: str) -> str:
    """Return the reason in words; ``category`` is the name of the shown product's own."""
    return _SENTENCES[code].format(category=category)
