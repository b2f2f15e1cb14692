"""The consumers, put together."""

from collections.abc import Callable

from django.conf import settings

from events.archive.history import ArchiveHistory
from events.broker.base import Partition
from events.broker.producer import publisher
from events.broker.source import KafkaSource
from events.kinds import DEAD_TOPICS, RECOMMENDATIONS_SERVED, TOPICS
from events.live.progress import Progress
from events.live.redis import RedisLiveState
from events.live.sequences.redis import RedisSequences
from events.pipeline import Pace, Pipeline
from events.sinks.archive import ArchiveSink
from events.sinks.live import LiveSink
from events.sinks.sequences import SequenceSink
from events.skus import SkuResolver
from events.tenants import TenantDirectory
from events.tombstones import TombstoneDirectory
from sdr import metrics
from sdr.health import Heartbeat

# Nobody waits for the archive: fewer, larger transactions spare the disk.
ARCHIVE_PACE = Pace(small=5000, large=10_000, gather_seconds=0.2)
# A pair may be seen a moment later than a click: calls of a few dozen events leave Redis to the trends.
SEQUENCE_PACE = Pace(small=200, large=4000, gather_seconds=0.02)


def live_state_pipeline(group: str | None = None) -> Pipeline:
    """Return the pipeline of `consume_clicks`: both topics into Redis."""
    # Nobody else makes the topic of what was shown: who sends to it waits for nothing.
    source = KafkaSource(group or settings.KAFKA_CONSUMER_GROUP, TOPICS, also_needed=[RECOMMENDATIONS_SERVED])
    sink = LiveSink(RedisLiveState(), TenantDirectory(), SkuResolver(), ArchiveHistory(), TombstoneDirectory())
    heartbeat = Heartbeat("consumer")
    progress = Progress()

    def on_alive(partitions: frozenset[Partition], seconds_behind: float) -> None:
        heartbeat.beat(f"{len(partitions)} partitions")
        progress.report(partitions, seconds_behind)

    return Pipeline(source, sink, on_alive=on_alive)


def sequence_pipeline(group: str | None = None) -> Pipeline:
    """Return the pipeline of `learn_sequences`: both topics into what follows what. Nobody's trends wait for it."""
    source = KafkaSource(group or f"{settings.KAFKA_CONSUMER_GROUP}-sequences", TOPICS)
    sink = SequenceSink(RedisSequences(), TenantDirectory(), SkuResolver(), ArchiveHistory(), TombstoneDirectory())
    return Pipeline(source, sink, on_alive=_beat("sequences"), pace=SEQUENCE_PACE, lag=metrics.SEQUENCE_LAG)


def archive_pipeline(group: str | None = None) -> Pipeline:
    """Return the pipeline of `archive_events`: both topics into Postgres, what it cannot take into dead letters."""
    source = KafkaSource(group or f"{settings.KAFKA_CONSUMER_GROUP}-archive", TOPICS, also_needed=DEAD_TOPICS)
    sink = ArchiveSink(TenantDirectory(), publisher)
    return Pipeline(source, sink, on_alive=_beat("archive"), pace=ARCHIVE_PACE, lag=metrics.ARCHIVE_LAG)


def _beat(name: str) -> Callable[[frozenset[Partition], float], None]:
    heartbeat = Heartbeat(name)
    return lambda partitions, _seconds_behind: heartbeat.beat(f"{len(partitions)} partitions")
