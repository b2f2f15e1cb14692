"""From the commit of an edit to its sight in another process, beside 105,542 products, and what an overlay costs."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from benchmarks import BASE_DIR, Bench, _shop
from benchmarks.index_build import active_artifact, open_index

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from catalog.models import Product

PROBES = 90
MANY = 1_000
PROMISED_SECONDS = 1.0
PATIENCE_SECONDS = 120
TENANT = "default"
PROBE = "probe"


def run(bench: Bench) -> None:
    """Record how soon edits are seen, what one costs the follower and a serving process, and what many hold."""
    _shop.indexed(bench)
    with tempfile.TemporaryDirectory() as directory:
        notes = Path(directory) / "seen"
        with _process("manage.py", "follow_catalogue"), _process("-m", "benchmarks.overlay", str(notes)) as watcher:
            _await(lambda: -1 in _seen(notes))
            _record_first(bench, notes)
            before = _private_bytes(watcher)
            _record_sight(bench, notes)
            _record_many(bench, notes, watcher, before)
    _record_costs(bench)


def _record_first(bench: Bench, notes: Path) -> None:
    """Make an edit while the follower's process starts: how long it takes is no edit's age."""
    from catalog.models import Product

    began, number = time.time(), 10**7
    Product.objects.create(sku=f"{PROBE} first", name="A probe", price=number)
    _await(lambda: number in _seen(notes))
    seconds = _seen(notes)[number] - began
    bench.record("an edit while the follower starts, seen", seconds, "s", None, "imports, and opening the index")


def _record_sight(bench: Bench, notes: Path) -> None:
    """Make edits of three kinds in turn, at odd moments, each seen before the next."""
    from catalog.models import Product

    pause, ages = threading.Event(), {"a new product": [], "a new text": [], "a new price": []}
    texts = list(_products().order_by("?").values_list("category_id", "tags", "description", "name")[:PROBES])
    for number, text in enumerate(texts):
        kind = list(ages)[number % 3]
        fields = dict(zip(("category_id", "tags", "description", "name"), text, strict=True))
        if kind == "a new product":
            product = Product.objects.create(sku=f"{PROBE} {number}", price=number, **fields)
        else:
            fields = fields if kind == "a new text" else {}
            Product.objects.filter(pk=product.pk).update(price=number, **fields)
        committed_at = time.time()
        _await(lambda number=number: number in _seen(notes))
        ages[kind].append(_seen(notes)[number] - committed_at)
        pause.wait(random.random() / 2)  # noqa: S311  so that no edit meets the same moment of anybody's round
    for kind, seconds in ages.items():
        bench.record(f"{kind} seen, p50", _share(seconds, 0.5) * 1e3, "ms")
    every = [seconds for kind in ages.values() for seconds in kind]
    for name, share in (("p50", 0.5), ("p99", 0.99), ("worst", 1.0)):
        age = _share(every, share)
        bench.record(f"any edit seen, {name}", age * 1e3, "ms", age / PROMISED_SECONDS, "promised 1 s")


def _record_many(bench: Bench, notes: Path, watcher: psutil.Process, before: int) -> None:
    """Rewrite the texts of many products in one transaction; one more edit behind them tells when they are done."""
    from catalog.models import Product

    ids = list(_products().exclude(sku__startswith=PROBE).order_by("?").values_list("pk", flat=True)[:MANY])
    Product.objects.filter(pk__in=ids).update(description="A jacket of cotton with a collar and two pockets")
    began, number = time.time(), 10**6
    Product.objects.filter(sku=f"{PROBE} 0").update(price=number)
    _await(lambda: number in _seen(notes))
    bench.record(f"an edit behind {MANY:,} others seen", _seen(notes)[number] - began, "s",
                 (_seen(notes)[number] - began) / PROMISED_SECONDS, "promised 1 s")  # fmt: skip
    _await(lambda: not _owing())
    bench.record(f"{MANY:,} new texts, neighbours found", time.time() - began, "s")
    _await(lambda: _quiet(notes))
    extra = _private_bytes(watcher) - before
    bench.record(f"memory of a serving process, {MANY:,} edits", extra / 1e6, "MB", None, "its own pages only")


def _record_costs(bench: Bench) -> None:
    """Measure, in this process, one product's fold and one exchange: what the polling does not explain."""
    from catalog.models import Product
    from recommendations.engine.hotness import Hotness
    from recommendations.index import registry
    from recommendations.index.overlay.folding import Folding
    from recommendations.index.overlay.patch import patched
    from recommendations.index.overlay.store import read

    version = registry.active_version(TENANT)
    folding = Folding(version)
    folding.finish()
    seconds = []
    for product in _products().order_by("?")[:20]:
        Product.objects.filter(pk=product.pk).update(description=f"{product.name} {product.description}")
        began = time.process_time()
        folding.step()
        seconds.append(time.process_time() - began)
    bench.record("follower, one new text", _share(seconds, 0.5) * 1e3, "ms", None, "processor time")
    base, segments = open_index(active_artifact()), list(read(version.pk, {}).values())
    hotness, parts = Hotness.cold(base.catalogue), {"lay segments over": [], "carry live values": []}
    for _ in range(20):
        began = time.process_time()
        index = patched(base, segments)
        parts["lay segments over"].append(time.process_time() - began)
        began = time.process_time()
        hotness.carried_to(index.catalogue)
        parts["carry live values"].append(time.process_time() - began)
    for name, taken in parts.items():
        bench.record(name, _share(taken, 0.5) * 1e3, "ms", None, "processor time")
    bench.record("segments", len(segments), "rows", None, f"{sum(len(s.products) for s in segments):,} products")


def _products() -> "QuerySet[Product]":
    from catalog.models import Product

    return Product.objects.filter(tenant__slug=TENANT)


def _owing() -> bool:
    from recommendations.index.overlay.segment import decode, joined
    from recommendations.models import OverlaySegment

    payloads = OverlaySegment.objects.filter(version__status="active", version__tenant__slug=TENANT).values_list(
        "payload", flat=True
    )
    segments = [decode(bytes(payload)) for payload in payloads]
    return bool(joined(segments).products["is_owed"].any())


def _quiet(notes: Path) -> bool:
    return time.time() - notes.stat().st_mtime > 1


def _share(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def _private_bytes(process: psutil.Process) -> int:
    return process.memory_full_info().uss


def _seen(notes: Path) -> dict[int, float]:
    lines = notes.read_text().splitlines() if notes.exists() else []
    return {int(number): at for number, at in map(json.loads, lines)}


def _await(probe: Callable[[], bool]) -> None:
    pause, deadline = threading.Event(), time.monotonic() + PATIENCE_SECONDS
    while not probe():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not within {PATIENCE_SECONDS} s: {probe}")
        pause.wait(0.02)


@contextmanager
def _process(*words: str) -> Iterator[psutil.Process]:
    process = subprocess.Popen([sys.executable, *words], cwd=BASE_DIR, env=os.environ)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)


def watch(notes: Path) -> None:
    """Serve as a web process does, and note when each probe's price is what its card says."""
    import django
    import orjson

    django.setup()
    from recommendations import serving

    known, index, pause = set(), None, threading.Event()
    with notes.open("w", buffering=1) as file:
        while not pause.wait(0.002):
            now = serving.current(TENANT)[0].index
            if now is index:
                continue
            if index is None:
                file.write(json.dumps([-1, time.time()]) + "\n")
            index, at = now, time.time()
            for row in range(len(now.artifact.arrays["groups"]), len(now.catalogue.vocabulary)):
                number = orjson.loads(now.card(row))["price"]
                if number not in known:
                    known.add(number)
                    file.write(json.dumps([number, at]) + "\n")
            file.flush()
            os.utime(notes)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    watch(Path(sys.argv[1]))
