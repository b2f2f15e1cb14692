"""One pass over the catalogue's rows: columns for the arrays, texts per variant group, cards ready to send."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

import orjson

from catalog.models import Product
from catalog.paths import PATH_SEPARATOR, UNCATEGORISED
from catalog.selectors import CategoryNode, product_card
from recommendations.engine.catalogue import NO_PARENT
from recommendations.index.artifact import CategoryEntry
from recommendations.index.cards import sku_hash


def group_key(product: Product) -> int:
    """Return 63 bits that name the product's variant group for ever, as a negative number: groups' numbers are not."""
    named = f"group {product.variant_group}" if product.variant_group else f"alone {product.pk}"
    return -1 - (sku_hash(named) >> 1)


class CategoryPlaces(NamedTuple):
    """The tree in preorder: entries, their parents and ends, and where each category's id went."""

    entries: list[CategoryEntry]
    parents: list[int]
    ends: list[int]
    places: dict[int | None, int]


def place_categories(categories: Iterable[CategoryNode]) -> CategoryPlaces:
    """Order the tree so that a subtree is a range; "Uncategorised" and the whole shop come last."""
    ordered = sorted(categories, key=lambda category: category.path.split(PATH_SEPARATOR))
    places: dict[int | None, int] = {category.id: place for place, category in enumerate(ordered)}
    uncategorised, everything = len(ordered), len(ordered) + 1
    parents = [places[category.parent_id] if category.parent_id else everything for category in ordered]
    ends = list(range(1, everything + 2))
    for place in reversed(range(len(ordered))):
        if parents[place] != everything:
            ends[parents[place]] = max(ends[parents[place]], ends[place])
    entries = [CategoryEntry(category.name, category.slug, category.path) for category in ordered]
    entries += [CategoryEntry(UNCATEGORISED, "uncategorised", UNCATEGORISED), CategoryEntry("", "", "")]
    places[None] = uncategorised
    return CategoryPlaces(entries, [*parents, everything, NO_PARENT], ends, places)


@dataclass
class GroupTexts:
    """The texts of a group's variants, each distinct one once: nine colours say the rest in the same words."""

    category: dict[str, None] = field(default_factory=dict)
    tags: dict[str, None] = field(default_factory=dict)
    description: dict[str, None] = field(default_factory=dict)
    name: dict[str, None] = field(default_factory=dict)

    def add(self, product: Product) -> None:
        self.category[product.category.path if product.category else ""] = None
        self.tags.update(dict.fromkeys(product.tags))
        self.description[product.description] = None
        self.name[product.name] = None

    def fields(self) -> dict[str, str]:
        return {name: " ".join(getattr(self, name)) for name in ("category", "tags", "description", "name")}


@dataclass
class Columns:
    """The catalogue, column by column, in the order of ids."""

    product_ids: list[int] = field(default_factory=list)
    sku_hashes: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    group_keys: list[int] = field(default_factory=list)
    categories: list[int] = field(default_factory=list)
    prices: list[float] = field(default_factory=list)
    ratings: list[float] = field(default_factory=list)
    rating_counts: list[int] = field(default_factory=list)
    in_stock: list[bool] = field(default_factory=list)
    is_active: list[bool] = field(default_factory=list)
    created_at: list[float] = field(default_factory=list)
    revisions: list[int] = field(default_factory=list)
    texts: list[GroupTexts] = field(default_factory=list)
    cards: bytearray = field(default_factory=bytearray)
    card_ends: list[int] = field(default_factory=list)


def read_columns(products: Iterable[Product], places: dict[int | None, int]) -> Columns:
    """Read ``products``, which come in the order of their ids. Groups are numbered as they are first met."""
    columns = Columns()
    group_numbers: dict[int, int] = {}
    for product in products:
        key = group_key(product)
        group = group_numbers.setdefault(key, len(group_numbers))
        if group == len(columns.texts):
            columns.texts.append(GroupTexts())
            columns.group_keys.append(key)
        columns.texts[group].add(product)
        _append(columns, product, group, places[product.category_id])
    return columns


def _append(columns: Columns, product: Product, group: int, category: int) -> None:
    columns.product_ids.append(product.pk)
    columns.sku_hashes.append(sku_hash(product.sku))
    columns.groups.append(group)
    columns.categories.append(category)
    columns.prices.append(number_or_nan(product.price))
    columns.ratings.append(number_or_nan(product.rating))
    columns.rating_counts.append(product.rating_count)
    columns.in_stock.append(product.in_stock)
    columns.is_active.append(product.is_active)
    columns.created_at.append(product.created_at.timestamp())
    columns.revisions.append(product.revision)
    columns.cards += orjson.dumps(product_card(product))
    columns.card_ends.append(len(columns.cards))


def number_or_nan(value: Decimal | float | None) -> float:
    return math.nan if value is None else float(value)
