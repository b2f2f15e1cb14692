"""Lists beside a product that go by one signal alone."""

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.blend import HOT_SHARE, Blend, around_categories
from recommendations.engine.candidates import Candidates, hot_groups, near_groups
from recommendations.engine.filters import Filter
from recommendations.engine.ladder import NOT_ALLOWED, ListBuilder, Scored
from recommendations.engine.reasons import PLAIN_REASONS, ReasonCode
from recommendations.engine.scorers import TrendScorer
from recommendations.engine.strategies import Strategy

# Where they have nothing to say, what reads alike stands in before what is merely hot.
LISTS_ALONE = frozenset({Strategy.ALSO_VIEWED, Strategy.BOUGHT_TOGETHER})


def add_alone(builder: ListBuilder, blend: Blend, row: int, filtering: Filter, strategy: Strategy) -> None:
    """Add what the one signal of ``strategy`` says beside ``row``; of variants, which it cannot tell apart, one."""
    if strategy is Strategy.SIMILAR:
        groups, cosines = near_groups(blend.shop, row)
        _add_best_variants(builder, blend, groups, cosines.astype(np.float64))
    elif strategy is Strategy.TRENDING:
        add_hottest(builder, blend.trend, around_categories(blend.shop, row, filtering.categories))
    elif blend.sequence is not None:
        _add_best_variants(builder, blend, blend.sequence.groups)
    builder.close_scored()


def _add_best_variants(
    builder: ListBuilder,
    blend: Blend,
    groups: NDArray[np.int32] | NDArray[np.intp],
    content: NDArray[np.float64] | None = None,
) -> None:
    """Add of each group the best variant that may be shown: the one that the lists mean, else what trends most."""
    every = Candidates.of(blend.shop, groups)
    if not len(every.rows):
        return
    best = _best_first(blend, every, builder.filtering.allowed(blend.shop.catalogue, every.rows))[every.starts]
    one_each = Candidates(every.groups, np.arange(len(best)), np.ones(len(best), dtype=np.int64), best)
    parts = blend.parts(best, None if content is None else one_each.spread(content, groups))
    builder.add_scored(Scored(one_each, parts.total, lambda place: blend.reason(parts, place)))


def _best_first(blend: Blend, candidates: Candidates, preferred: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return the rows group by group as they come, within each the ``preferred`` first.

    Of those what the lists mean most, and of what they do not tell apart what trends most.
    """
    rows, places = candidates.rows, np.arange(len(candidates.groups)).repeat(candidates.counts)
    ids = blend.shop.catalogue.vocabulary.product_ids[rows]
    keys = [ids, -blend.trend.score(rows)]
    if blend.sequence is not None:
        keys.append(-blend.sequence.score_rows(rows, blend.shop.catalogue.groups[rows]))
    ordered: NDArray[np.int32] = rows[np.lexsort((*keys, ~preferred, places))]
    return ordered


def add_hottest(builder: ListBuilder, scorer: TrendScorer, categories: tuple[int, ...]) -> None:
    """Add what is hot in ``categories`` by its trend score."""
    candidates = Candidates.of(scorer.shop, hot_groups(scorer.shop, categories))
    scores = scorer.score(candidates.rows)
    scores[scorer.clicks(candidates.rows) < HOT_SHARE] = NOT_ALLOWED
    builder.add_scored(Scored(candidates, scores, lambda _: PLAIN_REASONS[ReasonCode.TRENDING]))


def nearest(blend: Blend, row: int) -> NDArray[np.int32]:
    """Return the rows that read like ``row``, group by group, the nearest first, and of each the best variant first."""
    candidates = Candidates.of(blend.shop, near_groups(blend.shop, row)[0])
    return _best_first(blend, candidates, np.ones(len(candidates.rows), dtype=np.bool_))


def hottest_groups(scorer: TrendScorer, categories: tuple[int, ...]) -> NDArray[np.int32]:
    """Return the groups of which :func:`add_hottest` adds a variant."""
    candidates = Candidates.of(scorer.shop, hot_groups(scorer.shop, categories))
    is_hot = scorer.clicks(candidates.rows) >= HOT_SHARE
    groups: NDArray[np.int32] = scorer.shop.catalogue.groups[candidates.rows[is_hot]]
    return groups
