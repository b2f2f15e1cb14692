"""Building an index of H&M's 105,542 articles: phases, peak memory and size, beside the bare sparse product."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from benchmarks import Bench
    from recommendations.index.index import Index

N_PRODUCTS = 105_542
MAX_SECONDS, MAX_PEAK_MB = 60, 1500
THREADS = 2


class Built(NamedTuple):
    """``phases``: seconds by name, all of them together the whole build; the rest is of the process."""

    phases: dict[str, float]
    cpu_seconds: float
    peak_mb: float


def run(bench: "Bench") -> None:
    """Record the seconds from the database to activation, phase by phase, and what the artifact takes."""
    load_catalogue(bench.data_dir / "products" / "hm.jsonl.gz")
    built = build_in_a_process_of_its_own()
    directory = active_artifact()
    started = time.perf_counter()
    index = open_index(directory)
    open_seconds = time.perf_counter() - started
    bare_seconds = bare_product(index)
    total = sum(built.phases.values())
    bench.record("build", total, "s", total / MAX_SECONDS, f"promise {MAX_SECONDS} s")
    for name, seconds in built.phases.items():
        bench.record(f"· {name}", seconds, "s", seconds / total, "share of the build")
    bench.record("processor time", built.cpu_seconds, "s", built.cpu_seconds / total, "cores kept busy")
    bare = f"bare sp_matmul_topn, {THREADS} threads"
    bench.record("neighbours beside the bare product", built.phases["neighbours"], "s",
                 built.phases["neighbours"] / bare_seconds, f"{bare}: {bare_seconds:.1f} s")  # fmt: skip
    bench.record("peak memory", built.peak_mb, "MB", built.peak_mb / MAX_PEAK_MB, f"promise {MAX_PEAK_MB} MB")
    size = sum(path.stat().st_size for path in directory.iterdir())
    bench.record("artifact", size / 1e6, "MB", None, f"{size / N_PRODUCTS:,.0f} bytes a product, cards included")
    bench.record("open and check", open_seconds, "s", None, "one SHA-256 of every byte")


def load_catalogue(path: Path) -> None:
    """Load H&M, unless another bench has."""
    from django.core.management import call_command

    from catalog.models import Product

    if Product.objects.count() != N_PRODUCTS:
        with Path(os.devnull).open("w") as nowhere:
            call_command("load_catalog", str(path), stdout=nowhere, stderr=nowhere)


def build_in_a_process_of_its_own(tenant: str = "default") -> Built:
    """Build as Celery's worker would, and ask the kernel how large the process became."""
    with TemporaryFile() as told, subprocess.Popen([sys.executable, "-m", __name__, tenant], stdout=told) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        lines = told.read().splitlines()
    if process.returncode:
        raise RuntimeError(f"The build ended with status {process.returncode}")
    return Built(json.loads(lines[-1]), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def active_artifact(tenant: str = "default") -> Path:
    from recommendations.index import registry, store

    version = registry.active_version(tenant)
    if version is None:
        raise RuntimeError("The build ended well, but activated nothing")
    return store.fetch(tenant, version.artifact_name)


def open_index(directory: Path) -> "Index":
    from recommendations.index.index import load_index
    from sdr.accounts.models import DEFAULT_TENANT

    return load_index(directory, tenant=DEFAULT_TENANT)


def bare_product(index: "Index") -> float:
    """Return the seconds of the same product by the library alone: no blocks, no order, no ids."""
    import numpy as np
    from scipy import sparse
    from sparse_dot_topn import sp_matmul_topn

    from recommendations.engine.neighbours import NeighbourParameters

    parts, parameters = index.similarity, NeighbourParameters()
    shape = (len(parts.indptr) - 1, parts.n_terms)
    vectors = sparse.csr_matrix((np.array(parts.data), np.array(parts.indices), np.array(parts.indptr)), shape)
    vectors.indptr = vectors.indptr.astype(np.int32)
    started = time.perf_counter()
    top_n = parameters.k + parameters.surplus + 1
    sp_matmul_topn(vectors, vectors.T.tocsr(), top_n=top_n, threshold=parameters.floor, n_threads=THREADS)
    return time.perf_counter() - started


def main() -> None:
    """Build and activate, and print the seconds of each phase as JSON."""
    import django

    django.setup()
    from recommendations.index.rebuild import rebuild
    from sdr.accounts.models import Tenant

    ends: dict[str, float] = {}
    started = time.perf_counter()
    rebuild(
        Tenant.objects.get(slug=sys.argv[1]),
        on_progress=lambda step, *_: ends.update({step: time.perf_counter()}),
    )
    ends["write and activate"] = time.perf_counter()
    begins = [started, *ends.values()]
    print(json.dumps({name: end - begin for (name, end), begin in zip(ends.items(), begins, strict=False)}))


if __name__ == "__main__":
    main()
