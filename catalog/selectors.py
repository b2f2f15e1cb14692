"""Reads. Everything is bound to one tenant; deleted products are never shown."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple, TypedDict

from django.db import connection
from django.db.models import QuerySet

from catalog.models import Category, Product, ProductChange
from catalog.paths import UNCATEGORISED
from sdr.exceptions import NotFound

CHUNK_SIZE = 2000


class ProductCard(TypedDict):
    """A product as every door shows it: REST's list, recommendations, the index's ready-made answers."""

    id: int
    sku: str
    name: str
    category: str
    category_path: str
    price: float | int | None
    currency: str
    rating: float | None
    tags: list[str]
    description: str
    image_url: str
    in_stock: bool


def product_card(product: Product) -> ProductCard:
    """Return the one spelling of a product's shape. ``category`` must have been selected along."""
    category = product.category
    return ProductCard(
        id=product.pk,
        sku=product.sku,
        name=product.name,
        category=category.name if category else UNCATEGORISED,
        category_path=category.path if category else UNCATEGORISED,
        price=plain_number(product.price),
        currency=product.currency,
        rating=product.rating,
        tags=product.tags,
        description=product.description,
        image_url=product.image_url,
        in_stock=product.in_stock,
    )


def plain_number(price: Decimal | None) -> float | int | None:
    """Return the price as JSON shows it: 12, 12.5, 0.00845763."""
    if price is None:
        return None
    return int(price) if price == price.to_integral_value() else float(price)


def visible_products(tenant_id: int) -> QuerySet[Product]:
    """Return what shoppers may see: active, not deleted."""
    return Product.objects.filter(tenant_id=tenant_id, is_active=True).select_related("category")


def product_by_id(tenant_id: int, product_id: int) -> Product:
    product = visible_products(tenant_id).filter(pk=product_id).first()
    if product is None:
        raise NotFound(f"There is no product {product_id}.")
    return product


def product_by_sku(tenant_id: int, sku: str) -> Product:
    # Postgres refuses NUL in a parameter, and no SKU holds one.
    product = None if "\0" in sku else visible_products(tenant_id).filter(sku=sku).first()
    if product is None:
        raise NotFound(f"There is no product with the SKU {sku!r}.")
    return product


def product_ids_by_sku(tenant_id: int, skus: Iterable[str]) -> dict[str, int]:
    """Return the ids of undeleted products, inactive ones too; unknown SKUs are missing from the answer."""
    rows = Product.objects.filter(tenant_id=tenant_id, sku__in=[sku for sku in skus if "\0" not in sku])
    return dict(rows.values_list("sku", "id"))


def products_for_index(tenant_id: int) -> Iterator[Product]:
    """Yield every undeleted product by id, inactive ones too, with its category; memory stays flat.

    A server-side cursor: inside a transaction, all of it is one snapshot.
    """
    products = Product.objects.filter(tenant_id=tenant_id).select_related("category").order_by("id")
    return products.iterator(chunk_size=CHUNK_SIZE)


def products_by_id(tenant_id: int, product_ids: Iterable[int]) -> dict[int, Product]:
    """Return the undeleted products among ``product_ids``, inactive ones too, with their categories."""
    products = Product.objects.filter(tenant_id=tenant_id, pk__in=list(product_ids)).select_related("category")
    return {product.pk: product for product in products}


def snapshot_marker() -> int:
    """Return a transaction id below which every change is visible from now on, and none will be added.

    Take it *before* reading: what is committed in between is then read twice, never missed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def changed_since(tenant_id: int, marker: int | None) -> bool:
    """Return whether a product changed in or after the transaction ``marker``; None: whether there is any product."""
    if marker is None:
        return Product.objects.filter(tenant_id=tenant_id).exists()
    return ProductChange.objects.filter(tenant_id=tenant_id, transaction_id__gte=marker).exists()


class CategoryNode(NamedTuple):
    """One category for whoever needs the tree as plain rows."""

    id: int
    parent_id: int | None
    name: str
    slug: str
    path: str


def categories(tenant_id: int) -> list[CategoryNode]:
    """Return the tenant's tree as rows in path order, so that a parent stands before its children."""
    rows: Any = Category.objects.filter(tenant_id=tenant_id).order_by("path")
    return [CategoryNode(*row) for row in rows.values_list("id", "parent_id", "name", "slug", "path")]
