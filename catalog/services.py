"""Writes. Every door that changes the catalogue comes through here."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from catalog.categories import CategoryIds
from catalog.models import Product
from catalog.rows import ProductRow, laid_over
from catalog.upsert import Status, Written, upsert

BATCH_SIZE = 2000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UpsertResult:
    """What became of the rows. ``repeated`` ones were overruled by a later row of the same SKU."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    repeated: int = 0

    def __add__(self, other: "UpsertResult") -> "UpsertResult":
        return UpsertResult(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.repeated + other.repeated,
        )

    @property
    def total(self) -> int:
        return self.created + self.updated + self.unchanged + self.repeated


def upsert_products(tenant_id: int, rows: Iterable[ProductRow], *, batch_size: int = BATCH_SIZE) -> UpsertResult:
    """Create or update products by SKU, reviving deleted ones, and create their categories.

    Each batch is a transaction of its own, unless the caller has opened one around all of them. Of two rows with the
    same SKU the later one is laid over the earlier.
    """
    categories = CategoryIds(tenant_id)
    return sum((upsert_batch(categories, batch) for batch in batched(rows, batch_size)), UpsertResult())


def upsert_batch(categories: CategoryIds, rows: list[ProductRow]) -> UpsertResult:
    """Do :func:`upsert_products` for one batch, for a caller that keeps ``categories`` over many."""
    written = write_batch(categories, rows)
    counts = Counter(row.status for row in written.values())
    return UpsertResult(
        counts[Status.CREATED], counts[Status.UPDATED], counts[Status.UNCHANGED], repeated=len(rows) - len(written)
    )


def write_batch(categories: CategoryIds, rows: Iterable[ProductRow]) -> dict[str, Written]:
    """Write rows and their categories in one transaction; of one SKU, the later row is laid over the earlier."""
    by_sku: dict[str, ProductRow] = {}
    for row in rows:
        by_sku[row.sku] = laid_over(by_sku[row.sku], row) if row.sku in by_sku else row
    with transaction.atomic():
        categories.for_paths(row.category for row in by_sku.values() if row.category)
        return upsert(categories.tenant_id, by_sku)


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def delete_products(products: QuerySet[Product]) -> int:
    """Mark products as deleted and return how many were not yet; their ids and SKUs stay theirs."""
    return products.filter(deleted_at=None).update(deleted_at=Now())


def restore_products(products: QuerySet[Product]) -> int:
    return products.exclude(deleted_at=None).update(deleted_at=None)


def set_flags(products: QuerySet[Product], **flags: bool) -> int:
    """Set ``in_stock`` or ``is_active`` where they differ, and return how many products changed."""
    return products.exclude(**flags).update(**flags)
