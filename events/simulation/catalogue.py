"""What there is to simulate with: the shop's own products."""

import numpy as np

from catalog import selectors
from events.simulation.shelf import ShelfProduct
from sdr.accounts.models import Tenant
from sdr.exceptions import NotFound


def tenant_id(slug: str) -> int:
    """Return the id of an active tenant; raises NotFound."""
    tenant = Tenant.objects.filter(slug=slug, is_active=True).first()
    if tenant is None:
        raise NotFound(f"There is no tenant {slug!r}.")
    return tenant.pk


def sample(tenant: int, n_products: int, *, seed: int) -> list[ShelfProduct]:
    """Return at most ``n_products`` of what is on sale, by id; the same ones for the same catalogue and seed."""
    on_sale = selectors.visible_products(tenant).order_by("id").values_list("id", "category__path")
    rows = list(on_sale)
    if len(rows) > n_products:
        chosen = np.random.default_rng(seed).choice(len(rows), n_products, replace=False)
        rows = [rows[place] for place in sorted(chosen.tolist())]
    return [ShelfProduct(product_id, path or "") for product_id, path in rows]
