"""Rows for tests. Say only what the test is about; the rest is made up."""

from itertools import count
from typing import Any

from catalog.categories import CategoryIds
from catalog.models import Category, Product
from sdr.accounts.models import DEFAULT_TENANT_ID, Tenant, User

_numbers = count(1)


def make_tenant(slug: str = "", **kw: Any) -> Tenant:
    slug = slug or f"shop-{next(_numbers)}"
    return Tenant.objects.create(slug=slug, **{"name": slug.title()} | kw)


def make_category(path: str, *, tenant_id: int = DEFAULT_TENANT_ID) -> Category:
    """The category of that path ("Home > Kitchen"), made with its parents where it is missing."""
    return Category.objects.get(pk=CategoryIds(tenant_id).for_paths([path])[path])


def make_product(*, category: Category | str | None = None, **kw: Any) -> Product:
    """A product; ``category`` may be a path."""
    number = next(_numbers)
    if isinstance(category, str):
        category = make_category(category, tenant_id=kw.get("tenant_id") or DEFAULT_TENANT_ID)
    product = Product.objects.create(category=category, **{"sku": f"SKU-{number}", "name": f"Thing {number}"} | kw)
    product.refresh_from_db()  # decimals as they are stored, not as they were given
    return product


def make_staff(**kw: Any) -> User:
    return User.objects.create_user(**{"username": f"staff-{next(_numbers)}", "is_staff": True} | kw)
