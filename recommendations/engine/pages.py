"""The lists a shop shows: beside a product, for a user, and what trends."""

from collections.abc import Iterator
from itertools import chain

import numpy as np

from recommendations.engine.alone import LISTS_ALONE, add_alone, add_hottest, nearest
from recommendations.engine.behaviour import BehaviourScorer
from recommendations.engine.blend import product_page_blend, user_page_blend
from recommendations.engine.candidates import Candidates, distinct, user_groups
from recommendations.engine.filters import Filter
from recommendations.engine.ladder import Fallback, ListBuilder, Ranked
from recommendations.engine.product_page import add_candidates, add_promising
from recommendations.engine.reasons import ReasonCode
from recommendations.engine.scorers import TrendScorer
from recommendations.engine.shop import Shop
from recommendations.engine.shopper import STRANGER, Shopper
from recommendations.engine.strategies import Strategy

__all__ = ["Shop", "around_category", "beside_product", "for_user", "trending"]


def beside_product(
    shop: Shop,
    row: int,
    filtering: Filter,
    limit: int,
    now_seconds: float,
    shopper: Shopper = STRANGER,
    strategy: Strategy = Strategy.HYBRID,
) -> list[Ranked]:
    """Return what to show beside the product in ``row``: ``limit`` places if the catalogue has them."""
    blend = product_page_blend(shop, row, shopper, now_seconds, strategy, filtering.categories)
    builder = ListBuilder(shop.catalogue, filtering, limit)
    if strategy is Strategy.HYBRID:
        add_candidates(builder, blend, row, filtering, limit)
    else:
        add_alone(builder, blend, row, filtering, strategy)
    rungs = _fallbacks(shop, shop.catalogue.categories.item(row), filtering)
    if strategy in LISTS_ALONE:
        rungs = chain([Fallback(nearest(blend, row), ReasonCode.SIMILAR)], rungs)
    builder.add_fallbacks(rungs, shop.weights.trend_share)
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
    behaviour, sequence = blend.behaviour, blend.sequence
    if behaviour is None and sequence is None:
        return around_category(shop, everything, filtering, limit)
    seen = shop.catalogue.groups[list(shopper.recent)]
    builder = ListBuilder(shop.catalogue, filtering.without(seen.tolist()), limit)
    recent = behaviour.recent if behaviour else ()
    groups = user_groups(shop, recent, shopper.preferences or {}, filtering)
    if sequence is not None:
        groups = distinct(np.concatenate([groups, sequence.groups.astype(np.int32)]))
    add_promising(builder, blend, groups, limit)
    builder.close_scored()
    rungs = chain(_liked(shop, behaviour) if behaviour else (), _fallbacks(shop, everything, filtering))
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
    builder = ListBuilder(shop.catalogue, filtering, limit)
    add_hottest(builder, scorer, categories)
    builder.close_scored()
    # The best that a product can score which nobody clicks.
    builder.add_fallbacks(_quiet_fallbacks(shop), shop.weights.rating_share)
    return builder.places


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
