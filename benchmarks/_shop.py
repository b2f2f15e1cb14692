"""H&M as a shop: loaded and indexed once in a run, and asked about as its customers would."""

import os
from itertools import islice
from pathlib import Path

from benchmarks import Bench
from benchmarks._live import hm_purchases

N_PRODUCTS = 105_542


def load_catalogue(bench: Bench) -> None:
    """Load H&M, unless another bench has."""
    from django.core.management import call_command

    if len(product_ids()) != N_PRODUCTS:
        with Path(os.devnull).open("w") as nowhere:
            call_command("load_catalog", str(products_file(bench)), stdout=nowhere, stderr=nowhere)


def indexed(bench: Bench) -> None:
    """Have H&M loaded and an index of it that serves, unless another bench has seen to it."""
    from benchmarks.index_build import build_hm
    from recommendations.index import registry
    from sdr.accounts.models import DEFAULT_TENANT

    load_catalogue(bench)
    if registry.active_version(DEFAULT_TENANT) is None:
        build_hm()


def products_file(bench: Bench) -> Path:
    return bench.data_dir / "products" / "hm.jsonl.gz"


def product_ids() -> dict[str, int]:
    """Return SKU → id."""
    from catalog.models import Product
    from sdr.accounts.models import DEFAULT_TENANT_ID

    return dict(Product.objects.filter(tenant_id=DEFAULT_TENANT_ID).values_list("sku", "id"))


def asked_about(bench: Bench, n: int) -> list[int]:
    """Return ``n`` products as H&M's customers met them: some far more often than others."""
    ids = product_ids()
    met = (ids[sku] for sku, _ in hm_purchases(bench.data_dir, 2 * n) if sku in ids)
    return list(islice(met, n))
