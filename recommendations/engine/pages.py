"""The lists a shop shows: beside a product, for a user, and what trends."""

from collections.abc import Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.behaviour import BehaviourScorer
from recommendations.engine.blend import HOT_SHARE, Blend, product_page_blend, user_page_blend
from recommendations.engine.candidates import Candidates, hot_groups, is_far, near_groups, user_groups
from recommendations.engine.filters import Filter
from recommendations.engine.hot import hot_candidates
from recommendations.engine.ladder import NOT_ALLOWED, SCORE_DECIMALS, Fallback, ListBuilder, Ranked, Scored
from recommendations.engine.neighbours import NeighbourParameters
from recommendations.engine.reasons import PLAIN_REASONS, ReasonCode
from recommendations.engine.scorers import ContentScorer, TrendScorer
from recommendations.engine.shop import Shop
from recommendations.engine.shopper import STRANGER, Shopper

__all__ = ["Shop", "around_category", "beside_product", "for_user", "trending"]

# Cosines are float32 and scores are rounded before they are ordered: so much closer than it seems may two of them be.
SLACK = 2 * 10.0**-SCORE_DECIMALS
FLOOR = NeighbourParameters().floor


def beside_product(
    shop: Shop, row: int, filtering: Filter, limit: int, now_seconds: float, shopper: Shopper = STRANGER
) -> list[Ranked]:
    """Return what to show beside the product in ``row``: ``limit`` places if the catalogue has them."""
    blend = product_page_blend(shop, row, shopper, now_seconds)
    builder = ListBuilder(shop.catalogue, filtering, limit)
    _score_candidates(builder, blend, row, filtering, limit)
    builder.add_fallbacks(_fallbacks(shop, shop.catalogue.categories.item(row), filtering), shop.weights.trend_share)
    return builder.places


def around_category(shop: Shop, category: int, filtering: Filter, limit: int) -> list[Ranked]:
    """Return what to show where nothing is known of a product but its category: the ladder, from that category up."""
    builder = ListBuilder(shop.catalogue, filtering, limit)
    own = [Fallback(shop.hotness.hot[category], ReasonCode.TRENDING)]
    is_known = category != shop.catalogue.tree.everything
    rungs = chain(own if is_known else [], _fallbacks(shop, category, filtering))
    builder.add_fallbacks(rungs, shop.weights.trend_share)
    return builder.places


def for_user(shop: Shop, shopper: Shopper, filtering: Filter, limit: int, now_seconds: float) -> list[Ranked]:
    """Return what to show to a shopper wherever they are; of a stranger, what the whole shop likes.

    Recent products are held back until nothing else is left: a shopper finds the way back without being led.
    """
    everything = shop.catalogue.tree.everything
    blend = user_page_blend(shop, shopper, now_seconds)
    behaviour = blend.behaviour
    if behaviour is None:
        return around_category(shop, everything, filtering, limit)
    seen = shop.catalogue.groups[list(shopper.recent)]
    builder = ListBuilder(shop.catalogue, filtering.without(seen.tolist()), limit)
    _add(builder, blend, user_groups(shop, behaviour.recent, shopper.preferences or {}, filtering))
    builder.close_scored()
    rungs = chain(_liked(shop, behaviour), _fallbacks(shop, everything, filtering))
    builder.add_fallbacks(rungs, shop.weights.user_trend_share)
    builder.filtering = filtering
    again = Candidates.of(shop, np.array(list(dict.fromkeys(seen.tolist())), dtype=np.int32))
    builder.add_fallbacks([Fallback(again.rows, ReasonCode.BEHAVIOUR)], shop.weights.user_trend_share)
    return builder.places


def trending(shop: Shop, filtering: Filter, limit: int, now_seconds: float) -> list[Ranked]:
    """Return what is hot in the filter's categories by trend score, then what is best rated in them, then newest.

    The hottest of all these categories sets the scale.
    """
    categories = filtering.categories or (shop.catalogue.tree.everything,)
    scorer = TrendScorer(shop, now_seconds, peak_categories=categories)
    candidates = Candidates.of(shop, hot_groups(shop, categories))
    scores = scorer.score(candidates.rows)
    scores[scorer.clicks(candidates.rows) < HOT_SHARE] = NOT_ALLOWED
    builder = ListBuilder(shop.catalogue, filtering, limit)
    builder.add_scored(Scored(candidates, scores, lambda _: PLAIN_REASONS[ReasonCode.TRENDING]))
    builder.close_scored()
    # The best that a product can score which nobody clicks.
    builder.add_fallbacks(_quiet_fallbacks(shop), shop.weights.rating_share)
    return builder.places


def _score_candidates(builder: ListBuilder, blend: Blend, row: int, filtering: Filter, limit: int) -> None:
    """Add the neighbours of ``row`` and the hottest around it.

    The most promising go first; of the others only those are scored which may still get a place. That leaves the list
    as it would be, and nine in ten candidates alone.
    """
    shop, shares = blend.shop, blend.shares
    near, cosines = near_groups(shop, row)
    content = shares.content * cosines.astype(np.float64)
    most = blend.trend.most(near)
    most *= shares.trend
    most += content
    most += shares.behaviour
    first = _most_promising(most, 2 * limit)
    _add(builder, blend, near[first], content[first])
    to_beat = builder.score_to_beat - SLACK
    others = most >= to_beat
    others[first] = False
    far, far_content = _far(blend, row, filtering, near, cosines, to_beat)
    _add(builder, blend, np.concatenate([near[others], far]), np.concatenate([content[others], far_content]))
    builder.close_scored()


def _most_promising(most: NDArray[np.float64], n: int) -> NDArray[np.intp] | slice:
    return most.argpartition(len(most) - n)[len(most) - n :] if len(most) > n else slice(None)


def _far(
    blend: Blend, row: int, filtering: Filter, near: NDArray[np.int32], cosines: NDArray[np.float32], to_beat: float
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return what is hot, no neighbour and may get a place, with what its cosine adds to its score."""
    shop, shares = blend.shop, blend.shares
    groups, most_trend = hot_candidates(blend.trend, filtering.categories or (shop.catalogue.categories.item(row),))
    needed = to_beat - shares.behaviour - shares.trend * most_trend
    # Nobody outside the list of neighbours is nearer than its last.
    nearest = max(FLOOR, cosines.item(-1)) if len(cosines) else FLOOR
    kept = (needed <= shares.content * nearest).nonzero()[0]
    if not len(kept):
        return groups[:0], needed[:0]
    kept = kept[is_far(shop, row, near, groups[kept])]
    groups = groups[kept]
    content = shares.content * ContentScorer.beside(shop, row).unlike(groups)
    may = content >= needed[kept]
    return groups[may], content[may]


def _add(
    builder: ListBuilder, blend: Blend, groups: NDArray[np.int32], content: NDArray[np.float64] | None = None
) -> None:
    """Score all variants of ``groups``; ``content``: what each group's cosine adds, if the page has a product."""
    if len(groups):
        candidates = Candidates.of(blend.shop, groups)
        spread = None if content is None else candidates.spread(content, groups)
        parts = blend.parts(candidates.rows, spread)
        builder.add_scored(Scored(candidates, parts.total, lambda place: blend.reason(parts, place)))


def _liked(shop: Shop, behaviour: BehaviourScorer) -> Iterator[Fallback]:
    """Yield the best rated and the newest of the categories the shopper likes, the best liked first."""
    if behaviour.preferences.any():
        for rows in (shop.catalogue.best_rated, shop.catalogue.newest):
            liking = behaviour.preference(rows)
            liked = np.flatnonzero(liking)
            yield Fallback(rows[liked[np.argsort(-liking[liked], kind="stable")]], ReasonCode.PREFERENCE)


def _fallbacks(shop: Shop, category: int, filtering: Filter) -> Iterator[Fallback]:
    tree, hot = shop.catalogue.tree, shop.hotness.hot
    for wanted in filtering.categories:
        yield Fallback(hot[wanted], ReasonCode.TRENDING)
    around = int(tree.parents[category]) if category != tree.everything else category
    if around != tree.everything:
        yield Fallback(hot[around], ReasonCode.TRENDING)
    yield Fallback(hot[tree.everything], ReasonCode.POPULAR)
    yield from _quiet_fallbacks(shop)


def _quiet_fallbacks(shop: Shop) -> Iterator[Fallback]:
    yield Fallback(shop.catalogue.best_rated, ReasonCode.BEST_RATED)
    yield Fallback(shop.catalogue.newest, ReasonCode.NEW)
