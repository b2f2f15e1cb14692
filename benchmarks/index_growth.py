"""Indexes of 25,000, 50,000 and 100,000 of H&M's articles: memory and bytes grow no faster than the catalogue."""

import gzip
import os
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import index_build

if TYPE_CHECKING:
    from benchmarks import Bench

SIZES = (25_000, 50_000, 100_000)


def run(bench: "Bench") -> None:
    """Record each size's peak memory, artifact and processor time; ratios are per product, to the size before."""
    before: dict[str, float] = {}
    for size in SIZES:
        slug = f"growth-{size}"
        load_first(bench.data_dir / "products" / "hm.jsonl.gz", size, slug)
        built = index_build.build_in_a_process_of_its_own(slug)
        directory = index_build.active_artifact(slug)
        measured = {
            "peak memory": built.peak_mb,
            "artifact": sum(path.stat().st_size for path in directory.iterdir()) / 1e6,
            "processor time": built.cpu_seconds,
        }
        for name, value in measured.items():
            ratio = value / (2 * before[name]) if before else None
            unit = "s" if name == "processor time" else "MB"
            bench.record(f"{name}, {size:,} products", value, unit, ratio, "twice the figure before" if before else "")
        before = measured


def load_first(path: Path, n_products: int, slug: str) -> None:
    """Load the file's first lines into a tenant of their own."""
    from django.core.management import call_command

    from sdr.accounts.models import Tenant

    Tenant.objects.get_or_create(slug=slug, defaults={"name": slug})
    with TemporaryDirectory() as directory, Path(os.devnull).open("w") as nowhere:
        part = Path(directory) / "part.jsonl"
        with gzip.open(path, "rt") as lines, part.open("w") as kept:
            kept.writelines(islice(lines, n_products))
        call_command("load_catalog", str(part), "--tenant", slug, stdout=nowhere, stderr=nowhere)
