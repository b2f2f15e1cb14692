"""What other weights would change: the lists of a few products as they are, and as they would be."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import orjson

from catalog.selectors import ProductCard
from recommendations import knowledge
from recommendations.engine import pages
from recommendations.engine.filters import Filter, Rule
from recommendations.engine.reasons import sentence
from recommendations.engine.weights import ScoringWeights
from recommendations.index.holder import Serving
from recommendations.queries import ProductQuery
from sdr import clock
from sdr.accounts.models import Tenant

N_SAMPLES, N_PLACES = 3, 5
# How far down a product is looked for, to say of one that is new among the first five that it was ninth.
N_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class Place:
    """One product of a list; ``other``: its place (from 1) in the other list, None if it is not near its top."""

    number: int
    card: ProductCard
    score: float
    reason: str
    other: int | None

    @property
    def other_text(self) -> str:
        return str(self.other)

    @property
    def n_up(self) -> int | None:
        """By how many places it stands higher than in the other list; None if it was not there."""
        return None if self.other is None else self.other - self.number


@dataclass(frozen=True, slots=True)
class Sample:
    """One product with its two lists."""

    product: ProductCard
    before: list[Place]
    after: list[Place]

    @property
    def is_the_same(self) -> bool:
        return [place.card["id"] for place in self.before] == [place.card["id"] for place in self.after]


def sample_rows(now: Serving, skus: Sequence[str]) -> tuple[list[int], list[str]]:
    """Return the rows of ``skus``, and those SKUs that nobody knows.

    Without SKUs, the rows of the most clicked products, then of the best rated and the newest.
    """
    if skus:
        rows = {sku: now.index.row_of(None, sku) for sku in dict.fromkeys(skus)}
        return [row for row in rows.values() if row is not None], [sku for sku, row in rows.items() if row is None]
    clicks = np.asarray(now.hotness.clicks)
    clicked = [int(row) for row in np.argsort(-clicks, kind="stable")[:N_SAMPLES] if clicks[row] > 0]
    catalogue = now.index.catalogue
    others = [int(row) for rows in (catalogue.best_rated, catalogue.newest) for row in rows[: 10 * N_SAMPLES]]
    return [row for row in dict.fromkeys(clicked + others) if catalogue.is_active[row]][:N_SAMPLES], []


def compare(now: Serving, weights: ScoringWeights, rows: Sequence[int], tenant: Tenant) -> list[Sample]:
    """Return, for the product in each row, its list by the weights of today beside its list by ``weights``."""
    edited = replace(now, weights=weights)
    return [_sample(_list(now, row, tenant), _list(edited, row, tenant), _card(now, row)) for row in rows]


def _list(now: Serving, row: int, tenant: Tenant) -> list[tuple[ProductCard, float, str]]:
    filtering = Filter({Rule.ITSELF: {int(now.index.catalogue.groups[row])}}, now.weights.hide_out_of_stock)
    stranger = knowledge.beside(now, ProductQuery(tenant.slug, tenant.pk), row).shopper
    ranked = pages.beside_product(now.shop, row, filtering, N_LOOKED_AT, clock.now_seconds(), stranger)
    name = _card(now, row)["name"]  # of a stranger, nothing else leads anywhere
    return [
        (_card(now, place.row), place.score, sentence(place.reason_code, now.index.category_of(place.row).name, name))
        for place in ranked
    ]


def _sample(
    before: list[tuple[ProductCard, float, str]], after: list[tuple[ProductCard, float, str]], product: ProductCard
) -> Sample:
    return Sample(product, _places(before, after), _places(after, before))


def _places(of: list[tuple[ProductCard, float, str]], others: list[tuple[ProductCard, float, str]]) -> list[Place]:
    there = {card["id"]: number for number, (card, *_) in enumerate(others, start=1)}
    return [
        Place(number, card, score, reason, there.get(card["id"]))
        for number, (card, score, reason) in enumerate(of[:N_PLACES], start=1)
    ]


def _card(now: Serving, row: int) -> ProductCard:
    return orjson.loads(now.index.card(row))
