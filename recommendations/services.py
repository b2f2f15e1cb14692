"""The use cases: what to show beside a product and to a user, what trends, and why."""

import random
from typing import Any

import numpy as np
from django.db import DatabaseError, InterfaceError

from catalog import selectors
from catalog.models import Product
from events.live.shoppers import ShopperState
from recommendations import knowledge, serving
from recommendations.answers import Explanation, Recommendation, Recommendations, TrendingProduct
from recommendations.engine import pages
from recommendations.engine.blend import Blend, product_page_blend, user_page_blend
from recommendations.engine.explain import break_down, why_dropped
from recommendations.engine.filters import Filter
from recommendations.engine.ladder import Ranked
from recommendations.engine.reasons import PLAIN_SENTENCES, Reason, sentence
from recommendations.engine.scorers import rising
from recommendations.evidence import drop_of, evidence_of, name_of
from recommendations.index.holder import Serving
from recommendations.knowledge import Known
from recommendations.queries import ProductQuery, TrendingQuery, UserQuery
from recommendations.shoppers import as_filter
from sdr import clock, metrics, patience
from sdr.connections import renew_postgres
from sdr.exceptions import IndexNotReady

__all__ = [
    "ProductQuery",
    "Recommendation",
    "Recommendations",
    "TrendingProduct",
    "TrendingQuery",
    "UserQuery",
    "explain",
    "recommend_for_product",
    "recommend_for_user",
    "trending_products",
]

# Looked up once: labels cost a request as much as the measuring.
_PRODUCT_SECONDS, _USER_SECONDS, _TRENDING_SECONDS = (
    metrics.RECOMMENDATION_SECONDS.labels(query=name) for name in ("product", "user", "trending")
)


def recommend_for_product(query: ProductQuery) -> Recommendations:
    """Return ``limit`` products to show beside one, if the catalogue has them.

    Raises NotFound for a product that does not exist, InvalidInput for a category that does not, IndexNotReady before
    the first index. Redis and Postgres may be down: the answer then says what it lacks.
    """
    with serving.Measured(query.tenant, _PRODUCT_SECONDS) as (now, degraded):
        row, seconds = now.index.row_of(query.product_id, query.sku), clock.now_seconds()
        if row is None:
            known = knowledge.of_shopper(now, query, query.tenant)
            ranked, without_index = _without_index(now, query, known.state)
            degraded.extend(known.lacking + without_index)
            return _answer(now, query, ranked, degraded)
        known = knowledge.beside(now, query, row)
        degraded.extend(known.lacking)
        filtering = as_filter(now, query, known.state, _group_of(now, row))
        ranked = pages.beside_product(now.shop, row, filtering, query.limit, seconds, known.shopper, query.strategy)
        blend = _blend(now, query, row, filtering, known, seconds) if query.evidence else None
        return _answer(now, query, ranked, degraded, blend, row)


def recommend_for_user(query: UserQuery) -> Recommendations:
    """Return ``limit`` products to show to a user; one of whom nothing is known gets what the shop likes.

    Raises InvalidInput and IndexNotReady like :func:`recommend_for_product`.
    """
    with serving.Measured(query.tenant, _USER_SECONDS) as (now, degraded):
        known, seconds = knowledge.of_user(now, query), clock.now_seconds()
        degraded.extend(known.lacking)
        ranked = pages.for_user(now.shop, known.shopper, as_filter(now, query, known.state), query.limit, seconds)
        blend = user_page_blend(now.shop, known.shopper, seconds) if query.evidence else None
        return _answer(now, query, ranked, degraded, blend)


def trending_products(query: TrendingQuery) -> list[TrendingProduct]:
    """Return what is hot now, hottest first. Raises InvalidInput for a category that does not exist."""
    with serving.Measured(query.tenant, _TRENDING_SECONDS) as (now, degraded):
        known, seconds = knowledge.of_shopper(now, query, query.tenant), clock.now_seconds()
        degraded.extend(known.lacking)
        ranked = pages.trending(now.shop, as_filter(now, query, known.state), query.limit, seconds)
        rows = np.array([place.row for place in ranked], dtype=np.int32)
        rates = np.round(rising(now.hotness, rows, seconds), 3).tolist()
        return [TrendingProduct(now.index.card(p.row), p.score, rate) for p, rate in zip(ranked, rates, strict=True)]


def explain(query: ProductQuery, candidate_id: int | None = None, candidate_sku: str | None = None) -> Explanation:
    """Return every term of a candidate's score beside a product, and where it stands or what keeps it out.

    Raises NotFound for a product or a candidate that does not exist, IndexNotReady while the index lacks one of them.
    """
    now, degraded = serving.current(query.tenant)
    row = _indexed_row(now, query.tenant_id, query.product_id, query.sku)
    candidate = _indexed_row(now, query.tenant_id, candidate_id, candidate_sku)
    known, seconds = knowledge.beside(now, query, row), clock.now_seconds()
    filtering = as_filter(now, query, known.state, _group_of(now, row))
    places = pages.beside_product(now.shop, row, filtering, query.limit, seconds, known.shopper, query.strategy)
    blend = _blend(now, query, row, filtering, known, seconds)
    breakdown = break_down(blend, candidate, row)
    position = next((n for n, place in enumerate(places) if place.row == candidate), None)
    place = None if position is None else places[position]
    drop = None
    if place is None:
        drop = why_dropped(blend, filtering, places, candidate, row, breakdown.score, query.strategy)
    is_fallback = place is not None and place.is_fallback
    degraded.extend(known.lacking)
    serving.count(degraded)
    return Explanation(
        product=now.index.card(row),
        candidate=now.index.card(candidate),
        position=None if position is None else position + 1,
        score=place.score if place is not None and is_fallback else breakdown.score,
        reason=_sentence(now, place.row, place.reason, {}) if place else None,
        reason_code=place.reason_code if place else None,
        evidence=None if is_fallback else evidence_of(now.index, breakdown),
        dropped=drop_of(now.index, drop) if drop else None,
        index_version=now.index.version,
        degraded=degraded,
    )


def _blend(now: Serving, query: ProductQuery, row: int, filtering: Filter, known: Known, seconds: float) -> Blend:
    return product_page_blend(now.shop, row, known.shopper, seconds, query.strategy, filtering.categories)


def _answer(
    now: Serving,
    query: ProductQuery | UserQuery,
    ranked: list[Ranked],
    degraded: list[str],
    blend: Blend | None = None,
    page_row: int | None = None,
) -> Recommendations:
    names: dict[int, str] = {}
    card_of = now.index.cards.of
    items = [
        Recommendation(card_of(row), score, _sentence(now, row, reason, names), reason.code)
        for row, score, reason, _ in ranked
    ]
    if blend:
        items = [
            item if place.is_fallback else item._replace(evidence=_evidence(now, blend, place.row, page_row))
            for item, place in zip(items, ranked, strict=True)
        ]
    id_of = now.index.catalogue.vocabulary.product_ids.item
    product_ids = [id_of(place.row) for place in ranked]
    return Recommendations(items, _new_id(), now.index.version, degraded, query.evidence, product_ids)


def _new_id() -> str:
    # A name and no secret: a call of the system would also hand the interpreter to another thread.
    return f"{random.getrandbits(128):032x}"


def _evidence(now: Serving, blend: Blend, row: int, page_row: int | None) -> dict[str, Any]:
    return evidence_of(now.index, break_down(blend, row, page_row))


def _sentence(now: Serving, row: int, reason: Reason, names: dict[int, str]) -> str:
    """Return in words why ``row`` is shown. ``names``: what this answer looked up, since one product leads to many."""
    plain = PLAIN_SENTENCES.get(reason.code)
    if plain is not None:
        return plain
    led_by = reason.because_of
    if led_by is not None and led_by not in names:
        names[led_by] = name_of(now.index, led_by)
    return sentence(reason.code, now.index.category_of(row).name, None if led_by is None else names[led_by])


def _group_of(now: Serving, row: int) -> frozenset[int]:
    return frozenset((now.index.catalogue.groups.item(row),))


def _indexed_row(now: Serving, tenant_id: int, product_id: int | None, sku: str | None) -> int:
    row = now.index.row_of(product_id, sku)
    if row is None:
        product = _product(tenant_id, product_id, sku)
        raise IndexNotReady(f"The index does not have the product {product.pk} yet.")
    return row


def _without_index(now: Serving, query: ProductQuery, state: ShopperState) -> tuple[list[Ranked], list[str]]:
    """Answer for a product that the index does not have (it may be seconds old) with what is popular around it."""
    category, variants, lacking = now.index.catalogue.tree.everything, frozenset[int](), ["index"]
    try:
        category, variants = patience.ask(lambda: _place_of(now, query))
    except (DatabaseError, InterfaceError):
        lacking = ["index", "catalog"]  # nobody can say whether there is such a product
    filtering = as_filter(now, query, state, variants)
    return pages.around_category(now.shop, category, filtering, query.limit), lacking


def _place_of(now: Serving, query: ProductQuery) -> tuple[int, frozenset[int]]:
    renew_postgres()
    product = _product(query.tenant_id, query.product_id, query.sku)
    return _category_of(now, product), _variants_of(now, product)


def _product(tenant_id: int, product_id: int | None, sku: str | None) -> Product:
    if product_id is not None:
        return selectors.product_by_id(tenant_id, product_id)
    return selectors.product_by_sku(tenant_id, sku or "")


def _category_of(now: Serving, product: Product) -> int:
    """Return the place of the product's category, the whole shop for one that the index does not have either."""
    named = now.index.categories_named(product.category.path) if product.category else []
    return named[0] if named else now.index.catalogue.tree.everything


def _variants_of(now: Serving, product: Product) -> frozenset[int]:
    """Return the group of the product's older variants, which the index may have."""
    if not product.variant_group:
        return frozenset()
    variants = Product.objects.filter(tenant_id=product.tenant_id, variant_group=product.variant_group)
    rows = now.index.catalogue.vocabulary.rows_of(np.array(variants.values_list("pk", flat=True), dtype=np.int64))
    return frozenset(now.index.catalogue.groups[rows[rows >= 0]].tolist())
