"""From `kill -9` of a consumer under load until no click is late any more, with and without another in the group."""

import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import Bench
from benchmarks._live import apache_kafka, click
from benchmarks._probes import FIRST_PROBE, PATIENCE_SECONDS, await_until, process, seen_in

PER_SECOND = 500
SECONDS_BEFORE = 3
# What waited is that old; no stall of a busy machine is.
LATE_SECONDS, QUIET_SECONDS = 0.5, 2
CONSUME = "manage.py", "consume_clicks"


def run(bench: Bench) -> None:
    # Kafka waits as long either way; with another one in the group nothing starts meanwhile.
    cases = {"the same started again": False, "another one in the group": True}
    for name, has_successor in cases.items() if bench.is_full else [("the same started again", False)]:
        with apache_kafka(), tempfile.TemporaryDirectory() as directory:
            seconds, n_lost = _recovery(Path(directory) / "seen", has_successor=has_successor)
        limit = "Kafka gives partitions on after KAFKA_SESSION_TIMEOUT_MS, 10 s, of silence"
        bench.record(f"no click late any more, {name}", seconds, "s", seconds / 10, limit)
        bench.record(f"clicks never seen, {name}", n_lost, "clicks", limit="promise 0")


def _recovery(seen_file: Path, *, has_successor: bool) -> tuple[float, int]:
    """Return the seconds until no click is late any more, and how many clicks were never seen."""
    acknowledged: dict[int, float] = {}
    with ExitStack() as running:
        running.enter_context(process("-m", "benchmarks._probes", str(seen_file)))
        first = running.enter_context(process(*CONSUME))
        if has_successor:
            running.enter_context(process(*CONSUME))
        running.enter_context(_load(acknowledged))
        await_until(lambda: bool(dict(seen_in(seen_file))))
        threading.Event().wait(SECONDS_BEFORE)
        first.send_signal(signal.SIGKILL)
        killed_at = time.time()
        if not has_successor:
            running.enter_context(process(*CONSUME))
        await_until(lambda: _fresh_at(acknowledged, seen_file, killed_at) is not None)
        fresh_at = _fresh_at(acknowledged, seen_file, killed_at)
        if fresh_at is None:
            raise RuntimeError(f"clicks were late for more than {PATIENCE_SECONDS} s after the kill, or never")
        sent = dict(acknowledged)
        await_until(lambda: sent.keys() <= dict(seen_in(seen_file)).keys())
        return fresh_at - killed_at, len(sent.keys() - dict(seen_in(seen_file)).keys())


def _fresh_at(acknowledged: dict[int, float], seen_file: Path, killed_at: float) -> float | None:
    """Return when the last late click was seen, once nothing has been late for a while."""
    seen = {at: at - acknowledged.get(product, killed_at) for product, at in seen_in(seen_file)}
    late = [at for at, age in seen.items() if at > killed_at and age > LATE_SECONDS]
    return max(late) if late and max(seen) - max(late) > QUIET_SECONDS else None


@contextmanager
def _load(acknowledged: dict[int, float]) -> Iterator[None]:
    """Send clicks on a timetable, each on a product of its own, and note when each was acknowledged."""
    from confluent_kafka import Producer

    from events.broker.config import producer_config
    from events.broker.topics import ensure_topics
    from events.kinds import PRODUCT_CLICKS

    ensure_topics()
    producer, stopping = Producer(producer_config()), threading.Event()

    def send() -> None:
        began, n = time.perf_counter(), 0
        while not stopping.is_set():
            producer.poll(max(began + n / PER_SECOND - time.perf_counter(), 0))
            product = FIRST_PROBE + n
            producer.produce(
                PRODUCT_CLICKS,
                click(product, f"u-{n}"),
                str(n),
                on_delivery=lambda _error, _message, product=product: acknowledged.setdefault(product, time.time()),
            )
            n += 1
        producer.flush(PATIENCE_SECONDS)

    sending = threading.Thread(target=send)
    sending.start()
    try:
        yield
    finally:
        stopping.set()
        sending.join()
