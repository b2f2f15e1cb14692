"""The hottest groups of a category, and the most that each of them can trend: known between two events."""

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.candidates import hot_groups
from recommendations.engine.scorers import TrendScorer
from recommendations.engine.shop import HotCategory


def hot_candidates(scorer: TrendScorer, categories: tuple[int, ...]) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the groups of the categories' hottest, and what none of each group's variants exceeds in trend."""
    if len(categories) == 1:
        known = _hot_category(scorer, categories[0])
        return known.groups, known.most_trend
    groups = hot_groups(scorer.shop, categories)
    return groups, scorer.most(groups)


def _hot_category(scorer: TrendScorer, category: int) -> HotCategory:
    shop = scorer.shop
    hot, known = shop.hotness.hot[category], shop.readings.hot.get(category)
    if known is None or known.hot is not hot or known.as_of_seconds > scorer.now_seconds:
        groups = hot_groups(shop, (category,))
        known = HotCategory(hot, scorer.now_seconds, groups, scorer.most(groups))
        shop.readings.hot[category] = known
    return known
