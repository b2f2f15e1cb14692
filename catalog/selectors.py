"""Reads. Everything is bound to one tenant; deleted products are never shown."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any, NamedTuple, TypedDict

from django.db import connection
from django.db.models import Count, Q, QuerySet

from catalog.models import Category, Product, ProductChange, at_or_below
from catalog.paths import UNCATEGORISED
from sdr.exceptions import InvalidInput, NotFound

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


class ProductDetail(ProductCard):
    """A product as those who manage it see it: the card, and what only they need."""

    is_active: bool
    rating_count: int
    variant_group: str | None
    attributes: dict[str, Any]
    revision: int
    created_at: datetime
    updated_at: datetime


def product_detail(product: Product) -> ProductDetail:
    """Return everything there is to tell. ``category`` must have been selected along."""
    return ProductDetail(
        **product_card(product),
        is_active=product.is_active,
        rating_count=product.rating_count,
        variant_group=product.variant_group,
        attributes=product.attributes,
        revision=product.revision,
        created_at=product.created_at,
        updated_at=product.updated_at,
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


def manageable_product(tenant_id: int, key: Q) -> Product:
    """Return the product that ``key`` names, active or not; raises NotFound."""
    product = Product.objects.filter(key, tenant_id=tenant_id).select_related("category").first()
    if product is None:
        raise NotFound("There is no such product.")
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


def in_category(tenant_id: int, text: str) -> Q:
    """Return the condition for products at or below what ``text`` names: a slug, a path, a name or "Uncategorised".

    A name may stand at several places in the tree: all of them are meant. Raises InvalidInput for a stranger, because
    an empty list would look like an empty shelf.
    """
    if text.lower() == UNCATEGORISED.lower():
        return Q(category=None)
    of_tenant = Category.objects.filter(tenant_id=tenant_id)
    named = of_tenant.filter(Q(slug=text) | Q(path__iexact=text) | Q(name__iexact=text)).values_list("path", flat=True)
    conditions = [at_or_below(path) for path in named]
    if not conditions:
        raise InvalidInput("category", f"There is no category {text!r}.")
    return Q(category__in=of_tenant.filter(reduce(or_, conditions)))


class TreeNode(TypedDict):
    """A category with what is on sale at and below it."""

    id: int | None
    name: str
    slug: str
    path: str
    n_products: int
    children: list["TreeNode"]


def category_tree(tenant_id: int) -> list[TreeNode]:
    """Return the roots by path; products without a category stand under a last root of their own."""
    counts = _counts_by_category(tenant_id)
    nodes: dict[int, TreeNode] = {}
    roots: list[TreeNode] = []
    rows = categories(tenant_id)
    for row in rows:
        node = nodes[row.id] = TreeNode(
            id=row.id, name=row.name, slug=row.slug, path=row.path, n_products=counts.get(row.id, 0), children=[]
        )
        (nodes[row.parent_id]["children"] if row.parent_id else roots).append(node)
    for row in reversed(rows):  # children stand after their parents
        if row.parent_id:
            nodes[row.parent_id]["n_products"] += nodes[row.id]["n_products"]
    return roots + _uncategorised(counts.get(None, 0))


def _counts_by_category(tenant_id: int) -> dict[int | None, int]:
    on_sale = Product.objects.filter(tenant_id=tenant_id, is_active=True).order_by()
    return dict(on_sale.values_list("category_id").annotate(n_products=Count("id")))


def _uncategorised(n_products: int) -> list[TreeNode]:
    if not n_products:
        return []
    slug = UNCATEGORISED.lower()
    return [TreeNode(id=None, name=UNCATEGORISED, slug=slug, path=UNCATEGORISED, n_products=n_products, children=[])]
