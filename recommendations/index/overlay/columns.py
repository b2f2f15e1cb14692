"""Products as the rows of a segment."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import orjson
from numpy.typing import NDArray

from catalog.models import Product
from catalog.selectors import product_card
from recommendations.engine.ragged import Ragged
from recommendations.index.cards import sku_hash
from recommendations.index.overlay.segment import GROUP, PRODUCT, Segment
from recommendations.index.reading import number_or_nan

NO_LIST = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))
_NO_LISTS = Ragged.of([])
NOTHING = Segment(
    tree=None,
    paths=("",),
    products=np.empty(0, dtype=PRODUCT),
    blobs=(),
    groups=np.empty(0, dtype=GROUP),
    vectors=_NO_LISTS,
    neighbours=_NO_LISTS,
    reverse=_NO_LISTS,
)


def present(products: Sequence[Product], groups: Sequence[int], are_owing: Sequence[bool]) -> Segment:
    """Return what ``products`` are now, with the group of each and whether it owes its neighbours."""
    rows = np.zeros(len(products), dtype=PRODUCT)
    cards = [orjson.dumps(product_card(product)) for product in products]
    paths = [product.category.path if product.category else "" for product in products]
    places = {path: place for place, path in enumerate(dict.fromkeys(paths or [""]))}
    rows["id"] = [product.pk for product in products]
    rows["revision"] = [product.revision for product in products]
    rows["group"] = groups
    rows["sku_hash"] = np.array([sku_hash(product.sku) for product in products], dtype=np.uint64)
    rows["rating_count"] = [product.rating_count for product in products]
    rows["created_at"] = [product.created_at.timestamp() for product in products]
    rows["price"] = [number_or_nan(product.price) for product in products]
    rows["card_end"] = np.cumsum([len(card) for card in cards])
    rows["card_start"] = rows["card_end"] - [len(card) for card in cards]
    rows["category"] = [places[path] for path in paths]
    rows["rating"] = [number_or_nan(product.rating) for product in products]
    rows["in_stock"] = [product.in_stock for product in products]
    rows["is_active"] = [product.is_active for product in products]
    rows["is_owed"] = are_owing
    return replace(NOTHING, paths=tuple(places), products=np.sort(rows, order="id"), blobs=(b"".join(cards),))


def deleted(product_ids: Sequence[int]) -> Segment:
    """Return that these products are gone."""
    rows = np.zeros(len(product_ids), dtype=PRODUCT)
    rows["id"], rows["is_deleted"] = np.sort(np.array(product_ids, dtype=np.int64)), True
    return replace(NOTHING, products=rows)


def emptied(refs: NDArray[np.int64], batch: int) -> Segment:
    """Return that nobody is left in these groups: they are like nothing, and stand in nobody's list."""
    groups = np.zeros(len(refs), dtype=GROUP)
    groups["ref"], groups["batch"] = np.sort(refs), batch
    nobody = Ragged.of([NO_LIST] * len(refs))
    return replace(NOTHING, groups=groups, vectors=nobody, neighbours=nobody, reverse=nobody)


def paid(segment: Segment, refs: NDArray[np.int64]) -> Segment:
    """Return the products of these groups that owed their neighbours, now without the mark."""
    products = segment.products[segment.products["is_owed"] & np.isin(segment.products["group"], refs)]
    products["is_owed"] = False
    return replace(NOTHING, paths=segment.paths, products=products, blobs=segment.blobs)
