"""Indexes of 10,000, 25,000, 50,000 and 105,542 of H&M's articles: time, memory and bytes, and how fast they grow."""

import gzip
import os
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import Bench, _fit, _shop, index_build

SIZES = (10_000, 25_000, 50_000)
TENANT = "growth"
# What grows, its unit, and what would be the least it could be: an exponent.
LIMITS = {
    "build": ("s", "between 1, each row read once, and 2, each group beside each other"),
    "processor time": ("s", "as the build; all cores together"),
    "neighbours": ("s", "2: each group beside each other, as far as they share terms"),
    "peak memory": ("MB", "1: each product's columns; what Python takes by itself is in it"),
    "artifact": ("MB", "1: neighbours, vectors and a card for each product"),
}


def run(bench: Bench) -> None:
    """Record each figure at each size; its ratio is to a product's share of the smallest size's figure."""
    measured = {size: _grown_to(bench, size) for size in SIZES}
    _shop.load_catalogue(bench)
    measured[_shop.N_PRODUCTS] = _figures(index_build.build_hm(), "default")
    sizes = list(measured)
    for name, (unit, limit) in LIMITS.items():
        values = [measured[size][name] for size in sizes]
        for size, value in zip(sizes, values, strict=True):
            bench.record(f"{name}, {size:,} products", value, unit, value * sizes[0] / size / values[0],
                         f"as much a product as at {sizes[0]:,}")  # fmt: skip
        bench.record(f"{name}, fitted exponent", _fit.exponent(sizes, values), "", None, limit)


def _grown_to(bench: Bench, size: int) -> dict[str, float]:
    """Load the file's lines up to ``size`` into a tenant of its own, and build its index."""
    from catalog.models import Product
    from sdr.accounts.models import Tenant

    tenant, _ = Tenant.objects.get_or_create(slug=TENANT, defaults={"name": TENANT})
    _load(_shop.products_file(bench), Product.objects.filter(tenant=tenant).count(), size)
    return _figures(index_build.build_in_a_process_of_its_own(TENANT), TENANT)


def _load(path: Path, first: int, end: int) -> None:
    from django.core.management import call_command

    with TemporaryDirectory() as directory, Path(os.devnull).open("w") as nowhere:
        part = Path(directory) / "part.jsonl"
        with gzip.open(path, "rt") as lines, part.open("w") as kept:
            kept.writelines(islice(lines, first, end))
        call_command("load_catalog", str(part), "--tenant", TENANT, stdout=nowhere, stderr=nowhere)


def _figures(built: index_build.Built, tenant: str) -> dict[str, float]:
    directory = index_build.active_artifact(tenant)
    return {
        "build": sum(built.phases.values()),
        "processor time": built.cpu_seconds,
        "neighbours": built.phases["neighbours"],
        "peak memory": built.peak_mb,
        "artifact": sum(path.stat().st_size for path in directory.iterdir()) / 1e6,
    }
