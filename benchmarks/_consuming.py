"""What the benches of consumers share: a log that is worked off by one process, as fast as it can."""

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks import Bench


@dataclass(frozen=True)
class Worked:
    """One run: ``redis_seconds`` and ``own_seconds`` of processor time.

    ``longest_call_seconds``: for which Redis served nobody else, by its own slow log.
    """

    n_events: int
    rate: float
    longest_call_seconds: float
    redis_seconds: float
    own_seconds: float


def record(bench: Bench, worked: Worked, ceiling: float, promised_per_second: float) -> None:
    rate, n = worked.rate, worked.n_events
    bench.record("reading and decoding alone", ceiling, "events/s", limit="librdkafka, msgspec")
    bench.record("one consumer", rate, "events/s", rate / promised_per_second, f"promised {promised_per_second}")
    bench.record("one consumer beside reading alone", rate, "events/s", rate / ceiling, "reading and decoding alone")
    bench.record("longest call to Valkey", worked.longest_call_seconds * 1e3, "ms", limit="the script's Lua")
    bench.record("Valkey's processor time", worked.redis_seconds * 1e6 / n, "µs/event", limit="the script's Lua")
    bench.record("the consumer's processor time", worked.own_seconds * 1e6 / n, "µs/event", limit="librdkafka, msgspec")


def publish(messages: Iterable[tuple[str, bytes]], n_events: int) -> None:
    """Send keys and messages to the topic of clicks."""
    from confluent_kafka import Producer

    from events.broker.config import producer_config
    from events.broker.topics import ensure_topics
    from events.kinds import PRODUCT_CLICKS

    ensure_topics()
    producer = Producer(producer_config() | {"queue.buffering.max.messages": n_events})
    for key, message in messages:
        producer.produce(PRODUCT_CLICKS, message, key)
        producer.poll(0)
    producer.flush(60)


def _source():  # noqa: ANN202  the settings must be there before it can be imported
    from events.broker.source import KafkaSource
    from events.kinds import TOPICS

    return KafkaSource(f"bench-{uuid.uuid4()}", TOPICS)


def decode_only(n_events: int) -> float:
    """Return how many events a second are read and decoded where nothing else is done."""
    from events import codec
    from events.broker.base import BEGINNING

    source, n_read, started = _source(), 0, 0.0
    generation = source.generation
    while n_read < n_events:
        records = source.read(2000, 0.1)
        if source.generation != generation:
            generation = source.generation
            source.seek(dict.fromkeys(source.assigned(), BEGINNING))
            source.resume()
            continue
        started = started or time.perf_counter()
        n_read += sum(1 for record in records if codec.decode(record.value))
    rate = n_events / (time.perf_counter() - started)
    source.close()
    return rate


def work_off(sink: Any, state: Any, n_events: int) -> Worked:
    """Have a consumer of that sink and state take everything."""
    from events.pipeline import Pipeline
    from events.skus import SkuResolver
    from events.tenants import TenantDirectory
    from sdr.connections import redis_client

    n_applied = 0

    class Counted(state):
        def result(self):  # noqa: ANN202  a state's
            nonlocal n_applied
            applied = super().result()
            n_applied += applied.n_applied
            return applied

    redis = redis_client()
    redis.config_set("slowlog-max-len", n_events)
    redis.config_set("slowlog-log-slower-than", 1000)  # microseconds
    source = _source()
    pipeline = Pipeline(source, sink(Counted(), TenantDirectory(), SkuResolver()))
    cpu_before, own_before, started = _cpu_seconds(redis), time.process_time(), 0.0
    while n_applied < n_events:
        pipeline.step()
        started = started or (time.perf_counter() if n_applied else 0.0)
    rate = n_events / (time.perf_counter() - started)
    source.close()
    redis_seconds, own_seconds = _cpu_seconds(redis) - cpu_before, time.process_time() - own_before
    longest = max(call["duration"] for call in redis.slowlog_get(n_events)) / 1e6
    redis.slowlog_reset()
    return Worked(n_events, rate, longest, redis_seconds, own_seconds)


def _cpu_seconds(client) -> float:  # noqa: ANN001  redis-py's
    cpu = client.info("cpu")
    return float(cpu["used_cpu_user"] + cpu["used_cpu_sys"])
