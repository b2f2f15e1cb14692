"""Events per second of one learner: Apache Kafka into lists in Valkey, sessions as YooChoose has them."""

import csv
import gzip
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from benchmarks import Bench
from benchmarks._consuming import decode_only, publish, record, work_off
from benchmarks._live import apache_kafka, step

N_EVENTS = 140_000
PROMISED_PER_SECOND = 10_000
# One event in so many is a purchase.
PURCHASE_EVERY = 30


def run(bench: Bench) -> None:
    with apache_kafka():
        from events.live.sequences.redis import RedisSequences
        from events.sinks.sequences import SequenceSink

        publish(_steps(bench.data_dir), N_EVENTS)
        ceiling = decode_only(N_EVENTS)
        record(bench, work_off(SequenceSink, RedisSequences, N_EVENTS), ceiling, PROMISED_PER_SECOND)
        _record_bytes(bench)


def _steps(data_dir: Path) -> Iterator[tuple[str, bytes]]:
    """Yield keys and messages, over and over; each time the sessions are others."""
    n, round_number = 0, 0
    while n < N_EVENTS:
        round_number += 1
        with gzip.open(data_dir / "interactions" / "rsc15_train.csv.gz", "rt") as rows:
            for row in csv.DictReader(rows):
                if n == N_EVENTS:
                    return
                n += 1
                session = f"{row['session_id']}-{round_number}"
                at = datetime.fromisoformat(row["occurred_at"])
                yield session, step(int(row["sku"]), session, at, is_purchase=n % PURCHASE_EVERY == 0)


def _record_bytes(bench: Bench) -> None:
    """What the lists weigh, and how many of a product's neighbours they hold."""
    from events.live.sequences import keys
    from events.live.sequences.kinds import Following
    from sdr.connections import redis_client

    client = redis_client()
    by_product: dict[bytes, int] = {}
    for kind in Following:
        start = f"{keys.space('default')}{keys.LISTS[kind]}"
        for key in client.scan_iter(match=f"{start}*", count=5000):
            product = key.rpartition(b":")[2]
            by_product[product] = by_product.get(product, 0) + client.memory_usage(key, samples=0)
    sizes = sorted(by_product.values())
    bench.record("one product with lists, mean", sum(sizes) / len(sizes), "bytes", limit="20 a follower")
    bench.record("one product with lists, largest", sizes[-1], "bytes", limit="three lists of fifty")
