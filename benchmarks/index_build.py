"""Building an index of H&M's 105,542 articles: phases, peak memory and size, beside the bare sparse product."""

import json
import os
import subprocess
import sys
import time
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks import _memory, _shop

if TYPE_CHECKING:
    from scipy import sparse

    from benchmarks import Bench
    from recommendations.index.index import Index

MAX_SECONDS, MAX_PEAK_MB = 60, 1500
THREADS = 2
# The bare product takes as long as the build's; of every so-manyth row it takes a share that is known.
EVERY, EVERY_IN_FULL = 4, 1


class Built(NamedTuple):
    """``phases``: seconds by name, all of them together the whole build; the rest is of the process."""

    phases: dict[str, float]
    cpu_seconds: float
    peak_mb: float


def run(bench: "Bench") -> None:
    """Record the seconds from the database to activation, phase by phase, and what the artifact takes."""
    _shop.load_catalogue(bench)
    built = build_hm()
    directory = active_artifact()
    started = time.perf_counter()
    index = open_index(directory)
    open_seconds = time.perf_counter() - started
    every = EVERY_IN_FULL if bench.is_full else EVERY
    bare_seconds = bare_product(index, every)
    total = sum(built.phases.values())
    bench.record("build", total, "s", total / MAX_SECONDS, f"promise {MAX_SECONDS} s")
    for name, seconds in built.phases.items():
        bench.record(f"· {name}", seconds, "s", seconds / total, "share of the build")
    bench.record("processor time", built.cpu_seconds, "s", built.cpu_seconds / total, "cores kept busy")
    part = "" if every == 1 else f", {every} times that of every {every}th row"
    bare = f"bare sp_matmul_topn, {THREADS} threads{part}"
    bench.record("neighbours beside the bare product", built.phases["neighbours"], "s",
                 built.phases["neighbours"] / bare_seconds, f"{bare}: {bare_seconds:.1f} s")  # fmt: skip
    bench.record("peak memory", built.peak_mb, "MB", built.peak_mb / MAX_PEAK_MB, f"promise {MAX_PEAK_MB} MB")
    size = sum(path.stat().st_size for path in directory.iterdir())
    bench.record("artifact", size / 1e6, "MB", None, f"{size / _shop.N_PRODUCTS:,.0f} bytes a product, cards included")
    bench.record("open and check", open_seconds, "s", None, "one SHA-256 of every byte")


@lru_cache(maxsize=1)
def build_hm() -> Built:
    """Build H&M's index; in one run only once."""
    return build_in_a_process_of_its_own()


def build_in_a_process_of_its_own(tenant: str = "default") -> Built:
    """Build as Celery's worker would."""
    with TemporaryFile() as told, subprocess.Popen([sys.executable, "-m", __name__, tenant], stdout=told) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        lines = told.read().splitlines()
    if process.returncode:
        raise RuntimeError(f"The build ended with status {process.returncode}")
    phases, peak_mb = json.loads(lines[-1])
    return Built(phases, usage.ru_utime + usage.ru_stime, peak_mb)


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


def bare_product(index: "Index", every: int) -> float:
    """Return the seconds of the same product by the library alone: no blocks, no order, no ids."""
    from sparse_dot_topn import sp_matmul_topn

    from recommendations.engine.neighbours import NeighbourParameters

    vectors, parameters = vectors_of(index), NeighbourParameters()
    rows = vectors[::every]
    started = time.perf_counter()
    top_n = parameters.k + parameters.surplus + 1
    sp_matmul_topn(rows, vectors.T.tocsr(), top_n=top_n, threshold=parameters.floor, n_threads=THREADS)
    return (time.perf_counter() - started) * every


def vectors_of(index: "Index") -> "sparse.csr_matrix[Any]":
    """Return the vectors of all groups, shape ``(n_groups, n_terms)``."""
    import numpy as np
    from scipy import sparse

    parts = index.similarity
    shape = (len(parts.indptr) - 1, parts.n_terms)
    vectors = sparse.csr_matrix((np.array(parts.data), np.array(parts.indices), np.array(parts.indptr)), shape)
    vectors.indptr = vectors.indptr.astype(np.int32)
    return vectors


def main() -> None:
    """Build and activate, and print the seconds of each phase and the peak memory as JSON."""
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
    phases = {name: end - begin for (name, end), begin in zip(ends.items(), begins, strict=False)}
    print(json.dumps([phases, _memory.peak_mb()]))


if __name__ == "__main__":
    main()
