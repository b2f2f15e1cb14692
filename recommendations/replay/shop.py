"""The catalogue of an evaluation as a shop has it: rows in Postgres, and an index that serves."""

import numpy as np
from numpy.typing import NDArray

from catalog.models import Product
from catalog.services import upsert_products
from recommendations.evaluation.dataset import Dataset, Progress
from recommendations.evaluation.shop import named_only, read_products
from recommendations.index.rebuild import rebuild
from sdr.accounts.models import Tenant


def open_shop(tenant: Tenant, dataset: Dataset, on_progress: Progress) -> NDArray[np.int64]:
    """Fill the tenant's catalogue, let an index serve, and return the product id of each row of the dataset."""
    skus, name = dataset.offline.skus, dataset.source.products
    on_progress("catalogue", 0, len(skus))
    upsert_products(tenant.pk, read_products(name, lambda _problem: None) if name else named_only(skus))
    ids = dict(Product.objects.filter(tenant=tenant).values_list("sku", "pk"))
    on_progress("catalogue", len(skus), len(skus))
    rebuild(tenant, on_progress=lambda step, done, total: on_progress(f"index: {step}", done, total))
    return np.array([ids[sku] for sku in skus], dtype=np.int64)
