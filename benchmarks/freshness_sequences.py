"""From Kafka's acknowledgement of a second click to the pair in a process that follows the feed, at 1,000 events/s."""

import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from benchmarks import Bench
from benchmarks._live import apache_kafka, hm_purchases, step
from benchmarks._probes import FIRST_PROBE, PATIENCE_SECONDS, TENANT, await_until, process, seen_in

PER_SECOND = 1000
SECONDS = 15
# So many events after each other are of one session.
SESSION_LENGTH = 5
PROBE_EVERY = 20
PROMISED_SECONDS = 0.2


def run(bench: Bench) -> None:
    with apache_kafka(), tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "seen"
        with (
            process("-m", "benchmarks.freshness_sequences", str(file)),
            process("manage.py", "learn_sequences"),
            process("manage.py", "consume_clicks"),
        ):
            acknowledged = _load(bench, file)
        seen = dict(seen_in(file))
    ages = sorted(seen[product] - at for product, at in acknowledged.items() if product in seen)
    bench.record("probes seen", len(ages), "probes", len(ages) / len(acknowledged), "probes acknowledged")
    for name, share in (("p50", 0.5), ("p99", 0.99), ("worst", 1.0)):
        age = ages[min(int(len(ages) * share), len(ages) - 1)]
        bench.record(f"freshness of a new pair, {name}", age * 1e3, "ms", age / PROMISED_SECONDS, "promised 200 ms")


def _load(bench: Bench, file: Path) -> dict[int, float]:
    """Send steps on a timetable; return when each probe's second step was acknowledged, once all have been seen."""
    from confluent_kafka import Producer

    from events.broker.config import producer_config
    from events.broker.topics import ensure_topics
    from events.kinds import PRODUCT_CLICKS

    ensure_topics()
    producer, acknowledged = Producer(producer_config()), {}

    def probe(product: int) -> None:
        """One session that meets two products nobody else meets."""
        session = f"probe-{product}"
        producer.produce(PRODUCT_CLICKS, step(product, session, datetime.now(UTC)), session)
        producer.produce(
            PRODUCT_CLICKS,
            step(product + 1, session, datetime.now(UTC)),
            session,
            on_delivery=lambda _error, _message: acknowledged.setdefault(product, time.time()),
        )

    firsts = count(FIRST_PROBE - 2**30, 2)

    def is_followed() -> bool:
        probe(next(firsts))
        producer.flush(PATIENCE_SECONDS)
        return bool(dict(seen_in(file)))

    await_until(is_followed)
    acknowledged.clear()
    began = time.perf_counter()
    for n, (session, sku) in enumerate(_sessions(bench)):
        producer.poll(max(began + n / PER_SECOND - time.perf_counter(), 0))
        producer.produce(PRODUCT_CLICKS, step(sku, session, datetime.now(UTC)), session)
        if n % PROBE_EVERY == 0:
            probe(FIRST_PROBE + 2 * n)
    producer.flush(PATIENCE_SECONDS)
    await_until(lambda: acknowledged.keys() <= dict(seen_in(file)).keys())
    return acknowledged


def _sessions(bench: Bench) -> Iterator[tuple[str, int]]:
    for n, (sku, _) in enumerate(hm_purchases(bench.data_dir, PER_SECOND * SECONDS)):
        yield f"s-{n // SESSION_LENGTH}", int(sku)


def follow(file: Path) -> None:
    """Follow the feed as a serving process does, read the probes' lists, and note when each pair is there."""
    import django

    django.setup()
    from events.live.feed import RedisFeed
    from events.live.sequences.feed import changed_lists
    from events.live.sequences.kinds import Following
    from events.live.sequences.lists import read_lists
    from sdr.collector import spare_what_is_there

    spare_what_is_there()
    wake_ups, position = RedisFeed(), None
    with file.open("w", buffering=1) as notes:
        while True:
            news = changed_lists(TENANT, position)
            position = news.position
            wanted = [(Following.VIEWED, product) for product in set(news.product_ids.tolist()) if product % 2 == 0]
            probes = [place for place in wanted if place[1] >= FIRST_PROBE - 2**31]
            for (_, product), listed in read_lists(TENANT, probes, timeout_seconds=1).items():
                if product + 1 in listed.product_ids.tolist():
                    notes.write(f"{product} {time.time()}\n")
            wake_ups.wait([TENANT], 1.0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    follow(Path(sys.argv[1]))
