"""The scored rung of a product's page in one call of C: what product_page makes in arrays, where nobody is known."""

import math
from array import array
from typing import TYPE_CHECKING

from recommendations.engine import decay
from recommendations.engine.around import packed_around
from recommendations.engine.blend import HOT_SHARE, Blend, around_categories
from recommendations.engine.candidates import FLOOR
from recommendations.engine.filters import Filter
from recommendations.engine.kernel.ranking import Known, Question, Ranker
from recommendations.engine.ladder import UNITS, Ranked
from recommendations.engine.reasons import PLAIN_REASONS, Reason, ReasonCode
from recommendations.engine.sequence import VARIANT_FLOOR
from recommendations.engine.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator


def best_beside(
    ranker: Ranker, blend: Blend, row: int, filtering: Filter, limit: int
) -> "Iterator[tuple[int, Ranked]]":
    """Yield the best of the neighbours of ``row``, what shoppers went on to, and the hottest around it, by group.

    ``blend`` has no behaviour.
    """
    shop, weights, shares = blend.shop, blend.shop.weights, blend.shares
    group = shop.catalogue.groups.item(row)
    near, near_cosines = shop.similarity.listed(group)
    lists = packed_around(shop, row, blend.page_sequence)
    hot = _hot(shop, around_categories(shop, row, filtering.categories))
    left_out = array("q", frozenset().union(*filtering.left_out.values()))
    wanted = filtering.wanted_categories(shop.catalogue)
    # By position, in the order of their names: that is half the time.
    question = Question(
        group,
        limit,
        filtering.in_stock_only,
        len(near),
        len(lists.followers) // 8,
        len(lists.shared_rows) // 8,
        len(hot) // 4,
        len(left_out),
        -math.inf if filtering.min_price is None else filtering.min_price,
        math.inf if filtering.max_price is None else filtering.max_price,
        shares.content,
        shares.trend * weights.clicks_share,
        shares.trend * weights.rating_share,
        shares.sequence,
        ranker.best_rating,
        math.log(weights.min_peak_weight) + _HOUR_RATE * blend.trend.now_seconds,
        FLOOR,
        VARIANT_FLOOR,
    )
    known = Known(
        near.tobytes(),
        near_cosines.tobytes(),
        lists.followers,
        lists.cosines,
        lists.listed,
        lists.shared_rows,
        lists.shares,
        hot,
        left_out.tobytes(),
        None if wanted is None else wanted.tobytes(),
    )
    for its_row, its_group, _, units, total, content, listed, clicks in ranker.best(question, known).found:
        is_hot = clicks >= HOT_SHARE and total - content - listed > max(content, listed)
        yield its_group, Ranked(its_row, units / UNITS, _reason(blend, its_group, content, listed, is_hot=is_hot))


def _hot(shop: Shop, categories: tuple[int, ...]) -> bytes:
    n, hot = shop.weights.n_hot_candidates, shop.hotness.hot
    if len(categories) == 1:
        return hot[categories[0]][:n].tobytes()
    return b"".join(hot[category][:n].tobytes() for category in categories)


def _reason(blend: Blend, group: int, content: float, listed: float, *, is_hot: bool) -> Reason:
    """Return the same as :meth:`Blend.reason`."""
    if is_hot or (content <= 0 and listed <= 0):
        return PLAIN_REASONS[ReasonCode.TRENDING]
    return _SIMILAR if content >= listed else blend.reason_of_sequence(group)


_HOUR_RATE = decay.rate_constant(decay.HOUR_SECONDS)
_SIMILAR = PLAIN_REASONS[ReasonCode.SIMILAR]
