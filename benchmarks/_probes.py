"""What the benches that follow single clicks share: processes beside them, and what those note, line by line."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import BASE_DIR

TENANT = "default"
# Ids from here on belong to no shop's product.
FIRST_PROBE = 2**40
PATIENCE_SECONDS = 30


def await_until(probe: Callable[[], bool]) -> None:
    pause, deadline = threading.Event(), time.monotonic() + PATIENCE_SECONDS
    while not probe() and time.monotonic() < deadline:
        pause.wait(0.1)


@contextmanager
def process(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python program with this bench's broker until the end of the block."""
    from django.conf import settings

    environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": settings.KAFKA_BOOTSTRAP_SERVERS}
    process = subprocess.Popen([sys.executable, *words], cwd=BASE_DIR, env=environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)


def seen_in(file: Path) -> Iterator[tuple[int, float]]:
    """Yield product and time of each whole line."""
    lines = file.read_text().splitlines(keepends=True) if file.exists() else []
    for line in lines:
        if line.endswith("\n"):
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
