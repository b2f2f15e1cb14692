"""Whom an answer is for: from what the live state knows to what the engine is told."""

import numpy as np

from events.live.shoppers import NOTHING_KNOWN, ShopperState
from recommendations.categories import named, with_slugs
from recommendations.engine.filters import Filter, Rule
from recommendations.engine.next_lists import NO_TRAIL, Trail
from recommendations.engine.shopper import STRANGER, Shopper
from recommendations.index.holder import Serving
from recommendations.queries import Conditions


def as_shopper(now: Serving, state: ShopperState, trail: Trail = NO_TRAIL) -> Shopper:
    """Return the shopper in rows and places; products and categories that are not in the index are passed over."""
    if state is NOTHING_KNOWN:
        return Shopper(trail=trail) if trail.origins else STRANGER
    return Shopper(recent_rows(now, state), _preferences(now, state), trail)


def recent_rows(now: Serving, state: ShopperState) -> tuple[int, ...]:
    """Return the products met lately that the index has, newest first."""
    rows = now.index.catalogue.vocabulary.rows_of(np.array(state.recent, dtype=np.int64))
    return tuple(rows[rows >= 0].tolist())


def as_filter(now: Serving, query: Conditions, state: ShopperState, own_groups: frozenset[int] = frozenset()) -> Filter:
    """Return what must not be shown: to this query, to this shopper, beside these groups."""
    left_out: dict[Rule, frozenset[int]] = {Rule.ITSELF: own_groups} if own_groups else {}
    purchased = state.purchased if now.weights.hide_purchased else frozenset()
    for rule, ids in (
        (Rule.EXCLUDED, query.exclude),
        (Rule.DISLIKED, state.disliked),
        (Rule.PURCHASED, purchased),
    ):
        if ids:
            left_out[rule] = _groups(now, ids)
    return Filter(
        left_out,
        in_stock_only=now.weights.hide_out_of_stock if query.in_stock is None else query.in_stock,
        categories=() if query.category is None else named(now.index, query.category),
        hidden_categories=with_slugs(now.index, state.preferences.hidden_categories) if state.preferences else (),
        min_price=query.min_price,
        max_price=query.max_price,
    )


def _groups(now: Serving, product_ids: tuple[int, ...] | frozenset[int]) -> frozenset[int]:
    catalogue = now.index.catalogue
    rows = catalogue.vocabulary.rows_of(np.array(list(product_ids), dtype=np.int64))
    return frozenset(catalogue.groups[rows[rows >= 0]].tolist())


def _preferences(now: Serving, state: ShopperState) -> dict[int, float]:
    """Return preferences by place; a favourite counts in full unless it has a weight of its own."""
    if state.preferences is None:
        return {}
    weights = dict.fromkeys(state.preferences.favorite_categories, 1.0) | state.preferences.category_weights
    return {place: weight for slug, weight in weights.items() if weight for place in with_slugs(now.index, [slug])}
