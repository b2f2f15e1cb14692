"""Writes of single products, and of lists that are answered row by row: what REST and gRPC manage the catalogue with.

Everything is atomic. A ``condition`` is asked under the product's lock, so that nobody writes in between.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from catalog import drafts, selectors, services
from catalog.categories import CategoryIds
from catalog.drafts import ProductDraft
from catalog.models import Product
from catalog.rows import completed
from catalog.upsert import Status, Written
from sdr.conditional import Precondition, no_condition
from sdr.exceptions import Conflict, InvalidInput, NotFound

MAX_ROWS = 1000


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row of a list. A rejected one has an ``error``, and an ``sku`` only if it could be read."""

    status: Status
    sku: str | None = None
    id: int | None = None
    error: InvalidInput | None = None


def create_product(tenant_id: int, draft: ProductDraft) -> Product:
    """Create a product, under its old id if one of this SKU was deleted; raises Conflict if there is one."""

    def must_be_new(revision: int | None) -> None:
        if revision is not None:
            raise Conflict("sku", f"There is a product with the SKU {draft.sku!r} already.")

    product, _is_new = put_product(tenant_id, draft, must_be_new)
    return product


@transaction.atomic
def put_product(tenant_id: int, draft: ProductDraft, condition: Precondition = no_condition) -> tuple[Product, bool]:
    """Make the product of that SKU what the draft says, with defaults for the rest; tell whether it is new."""
    stored = Product.all_objects.select_for_update().filter(tenant_id=tenant_id, sku=draft.sku).first()
    is_there = stored is not None and stored.deleted_at is None
    condition(stored.revision if stored and is_there else None)
    written = _write(tenant_id, completed(draft))
    product = selectors.manageable_product(tenant_id, Q(pk=written.id))
    if stored is None and written.status != Status.CREATED:  # somebody else made it a moment ago
        is_there = True
        condition(product.revision)
    return product, not is_there


@transaction.atomic
def replace_product(
    tenant_id: int, key: Q, fields: Mapping[str, Any], condition: Precondition = no_condition, **parsing: bool
) -> Product:
    """Make a known product what ``fields`` say, with defaults for the rest; raises NotFound."""
    stored = _locked(tenant_id, key, condition)
    return _rewrite(tenant_id, stored, completed(drafts.parse_fields({"sku": stored.sku, **fields}, **parsing)))


@transaction.atomic
def change_product(
    tenant_id: int, key: Q, fields: Mapping[str, Any], condition: Precondition = no_condition, **parsing: bool
) -> Product:
    """Change what ``fields`` name and leave the rest; raises NotFound."""
    stored = _locked(tenant_id, key, condition)
    return _rewrite(
        tenant_id, stored, drafts.parse_fields({"sku": stored.sku, "name": stored.name, **fields}, **parsing)
    )


@transaction.atomic
def delete_product(tenant_id: int, key: Q, condition: Precondition = no_condition) -> None:
    """Take a product off the shelves; raises NotFound, also for one that was deleted before."""
    services.delete_products(Product.objects.filter(pk=_locked(tenant_id, key, condition).pk))


def upsert_each(tenant_id: int, rows: Iterable[Mapping[str, Any] | InvalidInput]) -> list[RowResult]:
    """Create or change products by SKU, and tell of each row, in order, what became of it.

    Good rows are written, all or none of them; bad ones are left out. Rows of one SKU are laid over each other in
    their order, and each tells what became of the product.
    """
    parsed = [_parsed(fields) for fields in rows]
    good = [row for row in parsed if isinstance(row, ProductDraft)]
    with transaction.atomic():
        problems = {id(draft): problem for draft, problem in drafts.place(tenant_id, good) if problem}
        written = services.write_batch(CategoryIds(tenant_id), [row for row in good if id(row) not in problems])
    return [
        row if isinstance(row, RowResult) else _result(row, problems.get(id(row)), written.get(row.sku))
        for row in parsed
    ]


def _parsed(fields: Mapping[str, Any] | InvalidInput) -> ProductDraft | RowResult:
    if isinstance(fields, InvalidInput):
        return RowResult(Status.REJECTED, error=fields)
    try:
        return drafts.parse_fields(fields)
    except InvalidInput as error:
        return RowResult(Status.REJECTED, drafts.readable_sku(fields), error=error)


def _result(draft: ProductDraft, problem: InvalidInput | None, written: Written | None) -> RowResult:
    if problem or not written:
        return RowResult(Status.REJECTED, draft.sku, error=problem)
    return RowResult(written.status, draft.sku, written.id)


def _locked(tenant_id: int, key: Q, condition: Precondition) -> Product:
    stored = Product.objects.select_for_update().filter(key, tenant_id=tenant_id).first()
    if stored is None:
        raise NotFound("There is no such product.")
    condition(stored.revision)
    return stored


def _rewrite(tenant_id: int, stored: Product, draft: ProductDraft) -> Product:
    if draft.sku != stored.sku:
        _rename(stored, draft.sku)
    written = _write(tenant_id, draft)
    return selectors.manageable_product(tenant_id, Q(pk=written.id))


def _rename(stored: Product, sku: str) -> None:
    try:
        with transaction.atomic():
            Product.objects.filter(pk=stored.pk).update(sku=sku)
    except IntegrityError as error:
        raise Conflict("sku", f"{sku!r} is the SKU of another product, which may have been deleted.") from error


def _write(tenant_id: int, draft: ProductDraft) -> Written:
    [(placed, problem)] = drafts.place(tenant_id, [draft])
    if problem:
        raise problem
    return services.write_batch(CategoryIds(tenant_id), [placed])[placed.sku]
