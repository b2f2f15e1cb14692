"""The consumer and a serving process of `freshness`, as they are, but for noting when a probe passes each stage.

``python -m benchmarks._stages consume|serve DIRECTORY``; the notes are files in it, one per stage.
"""

import queue
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

# In the order in which a click passes them, after Kafka's acknowledgement.
STAGES = ("consumer has read it", "live state has it", "serving process has read it", "an answer has it")
READ, APPLIED, FED, ANSWERED = STAGES
PROBING_USER = "probe"
# An answer is asked for again after so long where it does not have a click yet that the feed brought.
AGAIN_SECONDS = 0.0005


def notes(directory: Path, stage: str) -> Path:
    return directory / stage.replace(" ", "-")


def noting(directory: Path, stage: str) -> Callable[[int], None]:
    """Return what notes that a product passes the stage now."""
    file = notes(directory, stage).open("w", buffering=1)
    return lambda product: print(product, time.time(), file=file)


def consume(directory: Path) -> None:
    """Do what `consume_clicks` does, and note two stages."""
    from events import codec, consumers
    from events.broker.source import KafkaSource
    from events.live.redis import RedisLiveState
    from sdr.collector import spare_what_is_there

    note_read, note_applied, mark = noting(directory, READ), noting(directory, APPLIED), PROBING_USER.encode()

    class NotingSource(KafkaSource):
        def read(self, max_records: int, timeout_seconds: float) -> list[Any]:
            records = super().read(max_records, timeout_seconds)
            for record in records:
                if mark in record.value:
                    note_read(codec.decode(record.value).product_id or 0)
            return records

    class NotingState(RedisLiveState):
        def __init__(self) -> None:
            super().__init__()
            self._probes: deque[list[int]] = deque()

        def send(self, batch: Any) -> None:
            super().send(batch)
            self._probes.append([event.product_id for event in batch.events if f"u:{PROBING_USER}" in event.shoppers])

        def result(self) -> Any:
            probes, applied = self._probes.popleft(), super().result()
            for product in probes:
                note_applied(product)
            return applied

        def drop(self) -> None:
            self._probes.clear()
            super().drop()

    with (
        mock.patch.object(consumers, "KafkaSource", NotingSource),
        mock.patch.object(consumers, "RedisLiveState", NotingState),
    ):
        pipeline = consumers.live_state_pipeline()
    signal.signal(signal.SIGTERM, lambda *_: pipeline.stop())
    spare_what_is_there()
    pipeline.run()


def serve(directory: Path) -> None:
    """Do what a web process does between requests, note when news arrive, and ask until an answer has them."""
    from events.live.feed import RedisFeed
    from recommendations import serving

    probes = frozenset(map(int, (directory / "probes").read_text().split()))
    note_fed, note_answered = noting(directory, FED), noting(directory, ANSWERED)
    arrived: queue.SimpleQueue[int] = queue.SimpleQueue()

    class NotingFeed(RedisFeed):
        def news(self, tenant: str, since: bytes | None) -> Any:
            news = super().news(tenant, since)
            if not news.is_snapshot:
                for product in probes.intersection(news.changes.product_ids.tolist()):
                    note_fed(product)
                    arrived.put(product)
            return news

    with mock.patch.object(serving, "RedisFeed", NotingFeed):
        n_clicks_of = _asking(min(probes))
    (directory / "serves").touch()
    pause = threading.Event()
    for product in _each(arrived):
        while not n_clicks_of(product):
            pause.wait(AGAIN_SECONDS)
        note_answered(product)


def _each(arrived: "queue.SimpleQueue[int]") -> Iterator[int]:
    known: set[int] = set()
    while True:
        product = arrived.get()
        if product not in known:
            known.add(product)
            yield product


def _asking(page: int) -> Callable[[int], int]:
    """Return what asks why a product stands where it does on the page of another, and reads from it its clicks."""
    from recommendations import services
    from sdr.accounts.models import DEFAULT_TENANT, DEFAULT_TENANT_ID

    query = services.ProductQuery(DEFAULT_TENANT, DEFAULT_TENANT_ID, page)

    def n_clicks(product: int) -> int:
        evidence = services.explain(query, product).evidence
        terms = evidence["terms"] if evidence else []
        return sum(
            part["facts"]["clicks"] for term in terms for part in term.get("parts", ()) if part["term"] == "clicks"
        )

    n_clicks(page)
    return n_clicks


if __name__ == "__main__":
    import django

    django.setup()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    {"consume": consume, "serve": serve}[sys.argv[1]](Path(sys.argv[2]))
