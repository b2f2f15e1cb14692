"""One rebuild: the archive first, then what followed in Kafka, until the state in force is reached."""

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from events.archive.history import ArchiveHistory
from events.broker.base import BEGINNING, Source
from events.broker.source import KafkaSource
from events.kinds import TOPICS, Kind
from events.live.redis import RedisLiveState
from events.models import SessionMerge
from events.pipeline import Pipeline
from events.rebuild import archive, generations
from events.sinks.base import LogRecord, Sink
from events.sinks.live import LiveSink
from events.skus import SkuResolver
from events.tenants import Directory, TenantDirectory
from events.tombstones import TombstoneDirectory
from sdr.accounts.models import Tenant

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class OneTenant:
    """A directory of a single tenant, so that a rebuild leaves the others alone."""

    tenant: Tenant

    weights_of: Directory

    def ids(self, needed: Collection[str] = ()) -> dict[str, int]:
        return {self.tenant.slug: self.tenant.pk}

    def weights(self, slug: str) -> dict[Kind, float]:
        return self.weights_of.weights(slug)


@dataclass(slots=True)
class Building:
    """A sink for one rebuild: it leaves out what the log took before ``since_ms``, and never goes back.

    A consumer may go back, because the log has what it counts again. A rebuild may not: the archive's share would be
    missing.
    """

    sink: Sink
    since_ms: int
    reached: dict[str, int] = field(default_factory=dict)

    def positions(self, logs: Sequence[str]) -> dict[str, int]:
        found = self.sink.positions(logs)
        if any(found[log] < self.reached.get(log, BEGINNING) for log in logs):
            raise generations.GenerationLost("Redis has lost what was rebuilt so far; start again.")
        return found

    def fill(self, starts: Mapping[str, int]) -> Iterator[None]:
        return self.sink.fill({log: start for log, start in starts.items() if log in self.reached})

    def write(self, records: Sequence[LogRecord]) -> None:
        if recent := [entry for entry in records if entry.record.timestamp_ms >= self.since_ms]:
            self.sink.write(recent)

    def finish(self) -> None:
        self.sink.finish()

    def advance(self, positions: Mapping[str, int]) -> None:
        self.sink.advance(positions)
        self.reached.update(positions)


def kafka_source() -> KafkaSource:
    """Return a source of all partitions: a group of its own has nobody to share with."""
    return KafkaSource(f"sdr-rebuild-{uuid.uuid4()}", TOPICS)


def rebuild(
    tenant: Tenant,
    *,
    since: datetime | None = None,
    from_archive: bool = True,
    source: Source | None = None,
    on_progress: Progress = lambda _step, _done, _total: None,
) -> None:
    """Build a new generation of the tenant's live state and put it in force.

    ``source`` None leaves Kafka out: the consumer then reads again what the archive does not have yet. Interrupted, it
    leaves the state in force as it was. Raises AlreadyRebuilding, and Unavailable when a server is away.
    """
    directory = TenantDirectory()
    directory.ids()  # reads the weights along
    with generations.new_generation(tenant.slug) as name:
        state, erased = RedisLiveState(name), TombstoneDirectory()
        live = LiveSink(state, OneTenant(tenant, directory), SkuResolver(), ArchiveHistory(), erased)
        sink = Building(live, int(since.timestamp() * 1000) if since else 0)
        if from_archive:
            _apply_archive(tenant, since, sink, name, on_progress)
            _merge_sessions(tenant, state)
        if source is not None:
            _catch_up(tenant.slug, Pipeline(source, sink), name, on_progress)
        generations.put_in_force(tenant.slug, name)


def _apply_archive(tenant: Tenant, since: datetime | None, sink: Building, name: str, on_progress: Progress) -> None:
    reached = archive.reached()  # before the rows, so that these reach at least as far
    interactions = archive.archived(tenant, since)
    total, done = interactions.count(), 0
    sink.positions(list(reached.keys() | set(archive.logs_of(interactions))))
    for records in archive.read_archive(interactions, tenant):
        sink.write(records)
        sink.reached |= {entry.log: entry.record.offset + 1 for entry in records}
        generations.renew(tenant.slug, name)
        done += len(records)
        on_progress("archive", done, total)
    # Also past what happened to others, or before ``since``: nobody is to read that again and count it.
    sink.advance({log: max(offset, sink.reached.get(log, BEGINNING)) for log, offset in reached.items()})


def _merge_sessions(tenant: Tenant, state: RedisLiveState) -> None:
    """Give users what their sessions did: of merges, the archive's rows know no more than the user."""
    merges = SessionMerge.objects.filter(tenant=tenant).select_related("user").order_by("merged_at")
    for merge in merges.iterator():
        user, session = f"u:{merge.user.external_id}", f"s:{merge.session_id}"
        state.merge(tenant.slug, session, user, merge.merged_at.timestamp())


def _catch_up(tenant: str, pipeline: Pipeline, name: str, on_progress: Progress) -> None:
    """Read on until nothing that is counted in the state in force is missing from the new one."""
    behind = first_behind = None
    while behind is None or behind > 0:
        pipeline.step()
        generations.renew(tenant, name)
        if pipeline.is_positioned:
            pipeline.advance()
            behind = _behind(tenant, name, pipeline.logs())
            first_behind = max(first_behind or 0, behind)
            on_progress("kafka", first_behind - behind, first_behind)


def _behind(tenant: str, name: str, logs: Sequence[str]) -> int:
    in_force = RedisLiveState().offsets([tenant], logs)
    rebuilt = RedisLiveState(name).offsets([tenant], logs)
    return sum(max(in_force[place] - max(rebuilt[place], 0), 0) for place in in_force)
