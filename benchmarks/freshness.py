"""From Kafka's acknowledgement of a click to an answer that has it, stage by stage, at 2,000 events/s."""

import tempfile
import time
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from benchmarks import Bench, _shop
from benchmarks._live import apache_kafka, click, hm_purchases
from benchmarks._probes import PATIENCE_SECONDS, await_until, process, seen_in
from benchmarks._stages import ANSWERED, PROBING_USER, STAGES, notes

PER_SECOND = 2000
SECONDS = 12
# The broker is seconds old: the machine code of what it runs is made now. These are figures of their own.
WARM_UP_SECONDS = 2
# One event in so many is on a product of its own, which is followed.
PROBE_EVERY = 20
# Clicked, one after the other, until an answer has one of them: then everybody is there.
N_FIRST = 300
PROMISED_SECONDS = 0.1
LIMITS = dict(
    zip(STAGES, ("Kafka's fetch", "the script's Lua, a call at a time", "wake-ups, gathered for 3 ms",
                 "an explanation takes a millisecond"), strict=True)
)  # fmt: skip


def run(bench: Bench) -> None:
    _shop.indexed(bench)
    with apache_kafka(), tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        ids = _shop.product_ids()
        background = [ids[sku] for sku, _ in hm_purchases(bench.data_dir, PER_SECOND * SECONDS) if sku in ids]
        probes = list(islice(sorted(set(ids.values()) - set(background)), N_FIRST + len(background) // PROBE_EVERY + 1))
        (directory / "probes").write_text("\n".join(map(str, probes)))
        stages = ("-m", "benchmarks._stages")
        with process(*stages, "serve", name), process(*stages, "consume", name):
            await_until((directory / "serves").exists)
            acknowledged = _load(directory, background, probes)
        passed = {stage: dict(seen_in(notes(directory, stage))) for stage in STAGES}
    _record(bench, acknowledged, passed, set(probes[N_FIRST + PER_SECOND * WARM_UP_SECONDS // PROBE_EVERY :]))


def _record(bench: Bench, acknowledged: dict[int, float], passed: dict[str, dict[int, float]], warm: set[int]) -> None:
    """Record each stage's own time, of the probes whose broker was warm, and the way as a whole."""
    answered = passed[ANSWERED]
    n_seen = len(acknowledged.keys() & answered.keys())
    bench.record("probes answered", n_seen, "probes", n_seen / len(acknowledged), "probes acknowledged")
    before, followed = acknowledged, [probe for probe in acknowledged if probe in answered and probe in warm]
    for stage in STAGES:
        # A consumer may have read what the producer has not been told of yet.
        own = [max(passed[stage][probe] - before[probe], 0.0) for probe in followed]
        _record_shares(bench, f"· {stage}", own, LIMITS[stage], promised=None)
        before = passed[stage]
    whole, limit = "freshness of an answer", "promised 100 ms"
    _record_shares(bench, whole, _ages(acknowledged, answered, followed), limit, promised=PROMISED_SECONDS)
    cold = [probe for probe in acknowledged if probe in answered and probe not in warm]
    _record_shares(bench, f"{whole}, new broker", _ages(acknowledged, answered, cold), limit, promised=PROMISED_SECONDS)


def _ages(acknowledged: dict[int, float], answered: dict[int, float], probes: Iterable[int]) -> list[float]:
    return [max(answered[probe] - acknowledged[probe], 0.0) for probe in probes]


def _record_shares(bench: Bench, what: str, seconds: list[float], limit: str, *, promised: float | None) -> None:
    seconds = sorted(seconds)
    for name, share in (("p50", 0.5), ("p99", 0.99), ("worst", 1.0)):
        age = seconds[min(int(len(seconds) * share), len(seconds) - 1)]
        bench.record(f"{what}, {name}", age * 1e3, "ms", age / promised if promised else None, limit)


def _load(directory: Path, background: list[int], probes: list[int]) -> dict[int, float]:
    """Send clicks on a timetable; return when each probe was acknowledged, once an answer has had all of them."""
    from confluent_kafka import Producer

    from events.broker.config import producer_config
    from events.broker.topics import ensure_topics
    from events.kinds import PRODUCT_CLICKS
    from sdr.collector import spare_what_is_there

    ensure_topics()
    spare_what_is_there()
    producer, acknowledged, firsts = Producer(producer_config()), {}, iter(probes[:N_FIRST])

    def answered() -> set[int]:
        return {product for product, _ in seen_in(notes(directory, ANSWERED))}

    def is_followed() -> bool:
        producer.produce(PRODUCT_CLICKS, click(next(firsts), PROBING_USER), "first")
        producer.flush(PATIENCE_SECONDS)
        return bool(answered())

    await_until(is_followed)
    messages = [click(product, f"u-{n}") for n, product in enumerate(background)]
    rest, began = iter(probes[N_FIRST:]), time.perf_counter()
    for n, message in enumerate(messages):
        producer.poll(max(began + n / PER_SECOND - time.perf_counter(), 0))
        producer.produce(PRODUCT_CLICKS, message, str(n))
        if n % PROBE_EVERY == 0:
            probe = next(rest)
            producer.produce(
                PRODUCT_CLICKS,
                click(probe, PROBING_USER),
                str(n),
                on_delivery=lambda _error, _message, probe=probe: acknowledged.setdefault(probe, time.time()),
            )
    producer.flush(PATIENCE_SECONDS)
    await_until(lambda: acknowledged.keys() <= answered())
    return acknowledged
