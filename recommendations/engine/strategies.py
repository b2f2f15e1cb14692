"""What a list beside a product goes by: all signals together, or one of them alone."""

from enum import StrEnum
from functools import lru_cache

from recommendations.engine.reasons import ReasonCode
from recommendations.engine.sequence import ListWeights
from recommendations.engine.weights import ScoringWeights


class Strategy(StrEnum):
    HYBRID = "hybrid"
    SIMILAR = "similar"
    ALSO_VIEWED = "also_viewed"
    BOUGHT_TOGETHER = "bought_together"
    TRENDING = "trending"


# What was bought by those who viewed a product says less than what was bought with it.
BOUGHT_AFTER_WEIGHT = 0.5
_ONLY_VIEWED: ListWeights = {ReasonCode.ALSO_VIEWED: 1.0}
_ONLY_BOUGHT: ListWeights = {ReasonCode.BOUGHT_TOGETHER: 1.0, ReasonCode.BOUGHT_AFTER: BOUGHT_AFTER_WEIGHT}
_NO_LISTS: ListWeights = {}


def list_weights(weights: ScoringWeights, strategy: Strategy = Strategy.HYBRID) -> ListWeights:
    """Return which lists of what followed a product count beside it, and how much; those that weigh 0 left out."""
    if strategy is Strategy.HYBRID:
        return _blended(weights.sequence_bought) if weights.sequence else _NO_LISTS
    if strategy is Strategy.ALSO_VIEWED:
        return _ONLY_VIEWED
    return _ONLY_BOUGHT if strategy is Strategy.BOUGHT_TOGETHER else _NO_LISTS


def user_list_weights(weights: ScoringWeights) -> ListWeights:
    """Return the same for a user's page."""
    return _blended(weights.sequence_bought) if weights.user_sequence else _NO_LISTS


@lru_cache(maxsize=1000)  # a tenant has few of them, and every page asks twice
def _blended(bought: float) -> ListWeights:
    return {ReasonCode.ALSO_VIEWED: 1.0, ReasonCode.BOUGHT_TOGETHER: bought} if bought else _ONLY_VIEWED
