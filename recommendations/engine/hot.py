"""The hottest groups of a category, and the most that each of them can trend: known between two events."""

from bisect import bisect_right

from recommendations.engine.candidates import hot_groups
from recommendations.engine.scorers import TrendScorer
from recommendations.engine.shop import HotCategory


def hot_above(scorer: TrendScorer, category: int, least_trend: float) -> tuple[list[int], list[float]]:
    """Return the groups of the category's hottest that may trend as much as ``least_trend``, the hottest first.

    And with them what none of each group's variants exceeds in trend.
    """
    known = _hot_category(scorer, category)
    n = bisect_right(known.most_trend, -least_trend, key=float.__neg__)
    return known.groups[:n], known.most_trend[:n]


def _hot_category(scorer: TrendScorer, category: int) -> HotCategory:
    shop = scorer.shop
    hot, known = shop.hotness.hot[category], shop.readings.hot.get(category)
    if known is None or known.hot is not hot or known.as_of_seconds > scorer.now_seconds:
        groups = hot_groups(shop, (category,))
        most = scorer.most(groups)
        falling = (-most).argsort()
        known = HotCategory(hot, scorer.now_seconds, groups[falling].tolist(), most[falling].tolist())
        shop.readings.hot[category] = known
    return known
