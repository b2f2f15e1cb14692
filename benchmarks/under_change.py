"""Product pages of H&M while the feed brings 2,000 events a second, and while index versions are exchanged."""

import os
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks import BASE_DIR, Bench, _shop
from benchmarks._live import hm_purchases

if TYPE_CHECKING:
    from recommendations.services import ProductQuery

SECONDS = 10.0
PER_SECOND = 2000
CALL = 100
SWAP_SECONDS = 1.5
PROMISED_RATIO = 2.0


def run(bench: Bench) -> None:
    from recommendations import serving

    _shop.indexed(bench)
    make_twin()
    try:
        queries = product_queries(bench)
        ask(queries, SECONDS / 4)  # loads the index, reads the live state, warms caches
        quiet = record(bench, "quiet", ask(queries, SECONDS))
        with process("feed"):
            during_feed = ask(queries, SECONDS)
        record(bench, f"{PER_SECOND} events/s", during_feed, quiet)
        versions: set[str] = set()
        with process("swap"):
            during_swaps = ask(queries, SECONDS, versions)
        record(bench, "exchanges", during_swaps, quiet)
        bench.record("exchanges: versions that answered", len(versions), "versions", limit="no request failed")
    finally:
        serving.stop()


def record(bench: Bench, name: str, seconds: list[float], quiet_p99: float | None = None) -> float:
    """Record p50 and p99 of these answers; return p99."""
    ordered = sorted(seconds)
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    bench.record(f"{name}: p50", p50 * 1e6, "µs")
    ratio, limit = (None, "") if quiet_p99 is None else (p99 / quiet_p99, f"quiet p99; promise {PROMISED_RATIO:g}")
    bench.record(f"{name}: p99", p99 * 1e6, "µs", ratio, limit)
    return p99


def product_queries(bench: Bench) -> list["ProductQuery"]:
    """Return product pages as H&M's customers would open them."""
    from recommendations.services import ProductQuery
    from sdr.accounts.models import DEFAULT_TENANT, DEFAULT_TENANT_ID

    met = _shop.asked_about(bench, 20_000)
    return [ProductQuery(DEFAULT_TENANT, DEFAULT_TENANT_ID, product_id=product) for product in met]


def ask(queries: list["ProductQuery"], seconds: float, versions: set[str] | None = None) -> list[float]:
    """Ask one after the other for so long; return how long each answer took. An answer that fails ends the bench."""
    from recommendations.services import recommend_for_product

    taken, until, n = [], time.perf_counter() + seconds, 0
    while (started := time.perf_counter()) < until:
        answer = recommend_for_product(queries[n % len(queries)])
        taken.append(time.perf_counter() - started)
        n += 1
        if versions is not None:
            versions.add(answer.index_version)
    return taken


def make_twin() -> None:
    """Publish the active artifact once more under another name, so that there is something to exchange it with."""
    from recommendations.index import registry, store
    from recommendations.models import IndexVersion
    from sdr.accounts.models import DEFAULT_TENANT

    version = registry.active_version(DEFAULT_TENANT)
    if version is None or IndexVersion.objects.filter(tenant__slug=DEFAULT_TENANT).count() > 1:
        return
    own = store.fetch(DEFAULT_TENANT, version.artifact_name)
    name = f"{version.artifact_name}-twin"
    twin = own.with_name(name)
    shutil.copytree(own, twin)
    manifest = (own / "manifest.json").read_text().replace(version.artifact_name, name)
    (twin / "manifest.json").write_text(manifest)
    version.pk, version.artifact_name, version.checksum = None, name, _sha256(manifest)
    version.status = IndexVersion.Status.RETIRED
    version.save()


def _sha256(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def process(role: str, *words: str) -> Iterator[None]:
    """Let the feed or the exchanges run in a process of their own, as they would."""
    command = [sys.executable, "-m", "benchmarks.under_change", role, *words]
    with subprocess.Popen(command, cwd=BASE_DIR, env=os.environ, stdout=subprocess.PIPE) as working:
        try:
            next(iter(working.stdout or ()))  # it has begun
            yield
        finally:
            working.terminate()


def feed(per_second: str = str(PER_SECOND), call: str = str(CALL)) -> None:
    """Apply clicks to the live state: so many a second, and so many at once."""
    from events.live.base import Batch, LiveEvent, Step
    from events.live.redis import RedisLiveState
    from sdr.accounts.models import DEFAULT_TENANT

    ids = _shop.product_ids()
    purchases = [(ids[sku], user) for sku, user in hm_purchases(Bench("under_change").data_dir, 50_000) if sku in ids]
    state, log, n, began = RedisLiveState(), f"bench@{uuid.uuid4()}/0", 0, time.perf_counter()
    print("ready", flush=True)
    pause = threading.Event()
    while True:
        now = time.time()
        share = [purchases[(n + place) % len(purchases)] for place in range(int(call))]
        events = [
            LiveEvent(log, n + place, uuid.uuid4().bytes, product, 1.0, now, is_click=True, shoppers=(f"u:{user}",))
            for place, (product, user) in enumerate(share)
        ]
        n += len(events)
        state.apply(Batch(DEFAULT_TENANT, [Step(log, -1, n, int(now // 600))], now, events))
        pause.wait(max(began + n / int(per_second) - time.perf_counter(), 0))


def swap() -> None:
    """Let the two versions serve in turn, as an administrator would."""
    from recommendations.index import registry
    from recommendations.models import IndexVersion
    from sdr.accounts.models import DEFAULT_TENANT

    versions = list(IndexVersion.objects.filter(tenant__slug=DEFAULT_TENANT).select_related("tenant"))
    print("ready", flush=True)
    pause, turn = threading.Event(), 0
    while not pause.wait(SWAP_SECONDS):
        turn += 1
        registry.pin(versions[turn % len(versions)])


if __name__ == "__main__":
    import django

    django.setup()
    {"feed": feed, "swap": swap}[sys.argv[1]](*sys.argv[2:])
