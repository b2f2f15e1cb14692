"""The use cases: what to show beside a product, and what trends."""

import uuid
from dataclasses import dataclass

import numpy as np
from django.db import DatabaseError, InterfaceError

from catalog import selectors
from catalog.models import Product
from recommendations import serving
from recommendations.engine import pages
from recommendations.engine.filters import Filter, Rule
from recommendations.engine.ladder import Ranked
from recommendations.engine.reasons import ReasonCode, sentence
from recommendations.engine.scorers import rising
from recommendations.index.holder import Serving
from recommendations.limits import DEFAULT_LIMIT
from sdr import clock, metrics
from sdr.exceptions import InvalidInput


@dataclass(frozen=True, slots=True)
class ProductQuery:
    """What to show beside a product, which is named by its id or by its SKU."""

    tenant: str
    tenant_id: int
    product_id: int | None = None
    sku: str | None = None
    limit: int = DEFAULT_LIMIT


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One place of the list. ``card``: the product as JSON; ``score`` in [0, 1]."""

    card: bytes
    score: float
    reason: str
    reason_code: ReasonCode


@dataclass(frozen=True, slots=True)
class Recommendations:
    """An answer, with what it was made from and what it lacks."""

    items: list[Recommendation]
    recommendation_id: str
    index_version: str
    degraded: list[str]


@dataclass(frozen=True, slots=True)
class TrendingQuery:
    """What is hot; ``category`` is a slug, a path or a name, None the whole shop."""

    tenant: str
    category: str | None = None
    limit: int = DEFAULT_LIMIT


@dataclass(frozen=True, slots=True)
class TrendingProduct:
    """One hot product; ``rising``: the last hour's rate over its week's, 1 being steady."""

    card: bytes
    score: float
    rising: float


def recommend_for_product(query: ProductQuery) -> Recommendations:
    """Return ``limit`` products to show beside one, if the catalogue has them.

    Raises NotFound for a product that does not exist, IndexNotReady before the first index. Redis and Postgres may
    be down: the answer then says what it lacks.
    """
    with metrics.RECOMMENDATION_SECONDS.labels(query="product").time():
        now, degraded = serving.current(query.tenant)
        row = now.index.row_of(query.product_id, query.sku)
        if row is None:
            ranked, lacking = _without_index(now, query)
            degraded += lacking
        else:
            filtering = Filter({Rule.ITSELF: {int(now.index.catalogue.groups[row])}}, now.weights.hide_out_of_stock)
            ranked = pages.beside_product(now.shop, row, filtering, query.limit, clock.now_seconds())
        return Recommendations(
            items=[_recommendation(now, place) for place in ranked],
            recommendation_id=uuid.uuid4().hex,
            index_version=now.index.version,
            degraded=degraded,
        )


def trending_products(query: TrendingQuery) -> list[TrendingProduct]:
    """Return what is hot now, hottest first. Raises InvalidInput for a category that does not exist."""
    with metrics.RECOMMENDATION_SECONDS.labels(query="trending").time():
        now, _ = serving.current(query.tenant)
        seconds = clock.now_seconds()
        filtering = Filter(in_stock_only=now.weights.hide_out_of_stock, categories=_categories(now, query.category))
        ranked = pages.trending(now.shop, filtering, query.limit, seconds)
        rows = np.array([place.row for place in ranked], dtype=np.int32)
        rates = np.round(rising(now.hotness, rows, seconds), 3).tolist()
        return [TrendingProduct(now.index.card(p.row), p.score, rate) for p, rate in zip(ranked, rates, strict=True)]


def _categories(now: Serving, named: str | None) -> tuple[int, ...]:
    if named is None:
        return (now.index.catalogue.tree.everything,)
    places = now.index.categories_named(named)
    if not places:
        raise InvalidInput("category", f"There is no category {named!r}.")
    return tuple(places)


def _without_index(now: Serving, query: ProductQuery) -> tuple[list[Ranked], list[str]]:
    """Answer for a product that the index does not have (it may be seconds old) with what is popular around it."""
    category, variants, lacking = now.index.catalogue.tree.everything, frozenset[int](), ["index"]
    try:
        product = _product(query)
        category, variants = _category_of(now, product), _variants_of(now, product)
    except (DatabaseError, InterfaceError):
        lacking = ["index", "catalog"]  # nobody can say whether there is such a product
    filtering = Filter({Rule.ITSELF: variants}, now.weights.hide_out_of_stock)
    return pages.around_category(now.shop, category, filtering, query.limit), lacking


def _product(query: ProductQuery) -> Product:
    if query.product_id is not None:
        return selectors.product_by_id(query.tenant_id, query.product_id)
    return selectors.product_by_sku(query.tenant_id, query.sku or "")


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


def _recommendation(now: Serving, place: Ranked) -> Recommendation:
    reason = sentence(place.reason_code, now.index.category_of(place.row).name)
    return Recommendation(now.index.card(place.row), place.score, reason, place.reason_code)
