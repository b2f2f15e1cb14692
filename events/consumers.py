"""The consumers, put together."""

from django.conf import settings

from events.broker.source import KafkaSource
from events.broker.topics import ensure_topics
from events.kinds import TOPICS
from events.live.redis import RedisLiveState
from events.pipeline import Pipeline
from events.sinks.live import LiveSink
from events.skus import SkuResolver
from events.tenants import TenantDirectory
from sdr.health import Heartbeat


def live_state_pipeline(group: str | None = None) -> Pipeline:
    """Return the pipeline of `consume_clicks`: both topics into Redis."""
    ensure_topics()
    source = KafkaSource(group or settings.KAFKA_CONSUMER_GROUP, TOPICS)
    sink = LiveSink(RedisLiveState(), TenantDirectory(), SkuResolver())
    heartbeat = Heartbeat("consumer")
    return Pipeline(source, sink, on_alive=lambda n_partitions: heartbeat.beat(f"{n_partitions} partitions"))
