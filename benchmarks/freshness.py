"""From Kafka's acknowledgement of a click to its value in another process that follows the feed, at 2,000 events/s."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import BASE_DIR, Bench
from benchmarks._live import apache_kafka, click, hm_clicks

PER_SECOND = 2000
SECONDS = 12
# The broker is seconds old: the machine code of what it runs is made now. These are figures of their own.
WARM_UP_SECONDS = 2
TENANT = "default"
# One in so many events is on a product of its own, whose arrival is timed.
PROBE_EVERY = 20
FIRST_PROBE = 2**40
PROMISED_SECONDS = 0.1
PATIENCE_SECONDS = 30


def run(bench: Bench) -> None:
    with apache_kafka(), tempfile.TemporaryDirectory() as directory:
        seen_file = Path(directory) / "seen"
        with process("-m", "benchmarks.freshness", str(seen_file)), process("manage.py", "consume_clicks"):
            acknowledged = _load(bench, lambda: dict(seen_in(seen_file)))
        seen = dict(seen_in(seen_file))
    ages = {product: seen[product] - at for product, at in acknowledged.items() if product in seen}
    bench.record("probes seen", len(ages), "probes", len(ages) / len(acknowledged), "probes acknowledged")
    first = FIRST_PROBE + PER_SECOND * WARM_UP_SECONDS
    _record(bench, "freshness", [age for product, age in ages.items() if product > first])
    _record(bench, "freshness, new broker", [age for product, age in ages.items() if product <= first])


def _record(bench: Bench, what: str, ages: list[float]) -> None:
    ages.sort()
    for name, share in (("p50", 0.5), ("p99", 0.99), ("worst", 1.0)):
        age = ages[min(int(len(ages) * share), len(ages) - 1)]
        bench.record(f"{what}, {name}", age * 1e3, "ms", age / PROMISED_SECONDS, "promised 100 ms")


def _load(bench: Bench, seen: Callable[[], dict[int, float]]) -> dict[int, float]:
    """Send clicks on a timetable; return when each probe was acknowledged, once all have been seen."""
    from confluent_kafka import Producer

    from events.broker.config import producer_config
    from events.broker.topics import ensure_topics
    from events.kinds import PRODUCT_CLICKS
    from sdr.collector import spare_what_is_there

    ensure_topics()
    spare_what_is_there()
    producer, acknowledged = Producer(producer_config()), {}
    await_until(lambda: _is_followed(producer, seen))
    messages = [message for _, message in hm_clicks(bench.data_dir, PER_SECOND * SECONDS)]
    began = time.perf_counter()
    for n, message in enumerate(messages):
        producer.poll(max(began + n / PER_SECOND - time.perf_counter(), 0))
        producer.produce(PRODUCT_CLICKS, message, str(n))
        if n % PROBE_EVERY == 0:
            probe = FIRST_PROBE + 1 + n
            producer.produce(
                PRODUCT_CLICKS,
                click(probe, "probe"),
                str(n),
                on_delivery=lambda _error, _message, probe=probe: acknowledged.setdefault(probe, time.time()),
            )
    producer.flush(PATIENCE_SECONDS)
    await_until(lambda: len(seen()) > len(acknowledged))
    return acknowledged


def _is_followed(producer, seen: Callable[[], dict[int, float]]) -> bool:  # noqa: ANN001  librdkafka's
    """Click on the first probe until somebody sees it: then the consumer and the follower are there."""
    from events.kinds import PRODUCT_CLICKS

    producer.produce(PRODUCT_CLICKS, click(FIRST_PROBE, "probe"), "first")
    producer.flush(PATIENCE_SECONDS)
    return FIRST_PROBE in seen()


def await_until(probe: Callable[[], bool]) -> None:
    pause, deadline = threading.Event(), time.monotonic() + PATIENCE_SECONDS
    while not probe() and time.monotonic() < deadline:
        pause.wait(0.1)


@contextmanager
def process(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    from django.conf import settings

    environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": settings.KAFKA_BOOTSTRAP_SERVERS}
    process = subprocess.Popen([sys.executable, *words], cwd=BASE_DIR, env=environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)


def seen_in(file: Path) -> Iterator[tuple[int, float]]:
    for line in file.read_text().splitlines() if file.exists() else []:
        product, at = line.split()
        yield int(product), float(at)


def follow(file: Path) -> None:
    """Tail the feed as a serving process does, and note when each probe arrives."""
    import django

    django.setup()
    from events.live.feed import RedisFeed
    from sdr.collector import spare_what_is_there

    spare_what_is_there()
    feed, position = RedisFeed(), None
    with file.open("w", buffering=1) as notes:
        while True:
            news = feed.news(TENANT, position)
            now, position = time.time(), news.position
            for product in news.changes.product_ids[news.changes.product_ids >= FIRST_PROBE].tolist():
                notes.write(f"{product} {now}\n")
            feed.wait([TENANT], 1.0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    follow(Path(sys.argv[1]))
