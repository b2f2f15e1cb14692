"""Events per second of one consumer: Apache Kafka into Valkey, all state included, clicks as skewed as H&M's."""

import time
import uuid

from benchmarks import Bench
from benchmarks.live import apache_kafka, hm_clicks

N_EVENTS = 240_000
PROMISED_PER_SECOND = 30_000


def run(bench: Bench) -> None:
    with apache_kafka():
        _publish(bench)
        ceiling = _decode_only()
        rate, longest_seconds, redis_seconds, own_seconds = _count()
    bench.record("reading and decoding alone", ceiling, "events/s", limit="librdkafka, msgspec")
    bench.record("one consumer", rate, "events/s", rate / PROMISED_PER_SECOND, f"promised {PROMISED_PER_SECOND}")
    bench.record("one consumer beside reading alone", rate, "events/s", rate / ceiling, "reading and decoding alone")
    bench.record("longest call to Valkey", longest_seconds * 1e3, "ms", limit="the script's Lua")
    bench.record("Valkey's processor time", redis_seconds * 1e6 / N_EVENTS, "µs/event", limit="the script's Lua")
    bench.record("the consumer's processor time", own_seconds * 1e6 / N_EVENTS, "µs/event", limit="librdkafka, msgspec")


def _publish(bench: Bench) -> None:
    from confluent_kafka import Producer

    from events.broker.config import producer_config
    from events.broker.topics import ensure_topics
    from events.kinds import PRODUCT_CLICKS

    ensure_topics()
    producer = Producer(producer_config() | {"queue.buffering.max.messages": N_EVENTS})
    for key, message in hm_clicks(bench.data_dir, N_EVENTS):
        producer.produce(PRODUCT_CLICKS, message, key)
        producer.poll(0)
    producer.flush(60)


def _source():  # noqa: ANN202  the settings must be there before it can be imported
    from events.broker.source import KafkaSource
    from events.kinds import TOPICS

    return KafkaSource(f"bench-{uuid.uuid4()}", TOPICS)


def _decode_only() -> float:
    from events import codec
    from events.broker.base import BEGINNING

    source, n_read, started = _source(), 0, 0.0
    generation = source.generation
    while n_read < N_EVENTS:
        records = source.read(2000, 0.1)
        if source.generation != generation:
            generation = source.generation
            source.seek(dict.fromkeys(source.assigned(), BEGINNING))
            source.resume()
            continue
        started = started or time.perf_counter()
        n_read += sum(1 for record in records if codec.decode(record.value))
    rate = N_EVENTS / (time.perf_counter() - started)
    source.close()
    return rate


def _count() -> tuple[float, float, float, float]:
    from events.live.redis import RedisLiveState
    from events.pipeline import Pipeline
    from events.sinks.live import LiveSink
    from events.skus import SkuResolver
    from events.tenants import TenantDirectory
    from sdr.connections import redis_client

    redis = redis_client()
    redis.config_set("slowlog-log-slower-than", 1000)
    redis.config_set("slowlog-max-len", N_EVENTS)
    source = _source()
    pipeline = Pipeline(source, LiveSink(RedisLiveState(), TenantDirectory(), SkuResolver()))
    cpu_before, own_before, applied_before, started = _cpu_seconds(redis), time.process_time(), _n_applied(), 0.0
    while _n_applied() - applied_before < N_EVENTS:
        pipeline.step()
        started = started or (time.perf_counter() if _n_applied() > applied_before else 0.0)
    rate = N_EVENTS / (time.perf_counter() - started)
    source.close()
    longest = max(call["duration"] for call in redis.slowlog_get(N_EVENTS)) / 1e6
    return rate, longest, _cpu_seconds(redis) - cpu_before, time.process_time() - own_before


def _n_applied() -> float:
    from prometheus_client import REGISTRY

    from events.kinds import PRODUCT_CLICKS

    labels = {"topic": PRODUCT_CLICKS, "result": "applied"}
    return REGISTRY.get_sample_value("sdr_events_processed_total", labels) or 0.0


def _cpu_seconds(client) -> float:  # noqa: ANN001  redis-py's
    cpu = client.info("cpu")
    return float(cpu["used_cpu_user"] + cpu["used_cpu_sys"])
