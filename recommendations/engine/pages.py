"""The lists a shop shows: beside a product, and what trends."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.catalogue import Catalogue
from recommendations.engine.filters import Filter
from recommendations.engine.hotness import Hotness
from recommendations.engine.ladder import Fallback, ListBuilder, Ranked, Scored
from recommendations.engine.reasons import ReasonCode
from recommendations.engine.scorers import ContentScorer, TrendScorer
from recommendations.engine.similarity import Similarity
from recommendations.engine.weights import ScoringWeights

# Of its category's peak, the decayed clicks below which nobody would call a product hot any more.
HOT_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Shop:
    """All that one request reads: one version of the index, and the live side of it."""

    catalogue: Catalogue
    similarity: Similarity
    hotness: Hotness
    weights: ScoringWeights


def beside_product(shop: Shop, row: int, filtering: Filter, limit: int, now_seconds: float) -> list[Ranked]:
    """Return what to show beside the product in ``row``: ``limit`` places if the catalogue has them."""
    builder = ListBuilder(shop.catalogue, filtering, limit)
    builder.add_scored(_score_candidates(shop, row, now_seconds))
    category = int(shop.catalogue.categories[row])
    builder.add_fallbacks(_fallbacks(shop, category), shop.weights.trend_share)
    return builder.places


def around_category(shop: Shop, category: int, filtering: Filter, limit: int) -> list[Ranked]:
    """Return what to show where nothing is known of a product but its category: the ladder, from that category up."""
    builder = ListBuilder(shop.catalogue, filtering, limit)
    own = [Fallback(shop.hotness.hot[category], ReasonCode.TRENDING)]
    is_known = category != shop.catalogue.tree.everything
    builder.add_fallbacks(chain(own if is_known else [], _fallbacks(shop, category)), shop.weights.trend_share)
    return builder.places


def trending(shop: Shop, filtering: Filter, limit: int, now_seconds: float) -> list[Ranked]:
    """Return what is hot in the filter's categories by trend score, then what is best rated in them, then newest.

    The hottest of all these categories sets the scale.
    """
    rows = np.unique(np.concatenate([shop.hotness.hot[category] for category in filtering.categories]))
    scorer = TrendScorer(shop.hotness, shop.weights, now_seconds, peak_categories=filtering.categories)
    rows = rows[scorer.clicks(rows) >= HOT_SHARE]
    builder = ListBuilder(shop.catalogue, filtering, limit)
    builder.add_scored(Scored(rows, scorer.score(rows), [ReasonCode.TRENDING] * len(rows)))
    # The best that a product can score which nobody clicks.
    builder.add_fallbacks(_quiet_fallbacks(shop), shop.weights.rating_share)
    return builder.places


def _score_candidates(shop: Shop, row: int, now_seconds: float) -> Scored:
    rows, content = _candidates(shop, row)
    scorer = TrendScorer(shop.hotness, shop.weights, now_seconds)
    content_term, trend_term = shop.weights.content_share * content, shop.weights.trend_share * scorer.score(rows)
    # Good ratings alone are no trend.
    trends = (content == 0) | ((trend_term > content_term) & (scorer.clicks(rows) >= HOT_SHARE))
    codes = [ReasonCode.TRENDING if is_hot else ReasonCode.SIMILAR for is_hot in trends.tolist()]
    return Scored(rows, content_term + trend_term, codes)


def _candidates(shop: Shop, row: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the variants of the neighbours and of the category's hottest, with their cosines."""
    catalogue, group = shop.catalogue, int(shop.catalogue.groups[row])
    near, cosines = shop.similarity.neighbours(group)
    hot = shop.hotness.hot[int(catalogue.categories[row])][: shop.weights.n_hot_candidates]
    hot_groups = np.unique(catalogue.groups[hot])
    others = hot_groups[~np.isin(hot_groups, near) & (hot_groups != group)]
    other_rows, _ = catalogue.variants_of(others)
    near_rows, positions = catalogue.variants_of(near)
    scorer = ContentScorer(shop.similarity, catalogue.groups, group)
    content = np.concatenate([cosines[positions], scorer.score(other_rows)])
    return np.concatenate([near_rows, other_rows]), content


def _fallbacks(shop: Shop, category: int) -> Iterator[Fallback]:
    tree, hot = shop.catalogue.tree, shop.hotness.hot
    around = int(tree.parents[category]) if category != tree.everything else category
    if around != tree.everything:
        yield Fallback(hot[around], ReasonCode.TRENDING)
    yield Fallback(hot[tree.everything], ReasonCode.POPULAR)
    yield from _quiet_fallbacks(shop)


def _quiet_fallbacks(shop: Shop) -> Iterator[Fallback]:
    yield Fallback(shop.catalogue.best_rated, ReasonCode.BEST_RATED)
    yield Fallback(shop.catalogue.newest, ReasonCode.NEW)
