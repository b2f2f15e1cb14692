"""One rebuild: the archive first, then what followed in Kafka, until the state in force is reached."""

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog.importing.source import Source as File
from events.archive.history import ArchiveHistory
from events.broker.base import BEGINNING, Source
from events.broker.source import KafkaSource
from events.kinds import TOPICS, Kind
from events.live import keys as live_keys
from events.live.base import ExactState
from events.live.redis import RedisLiveState, Spelling
from events.live.sequences import keys as sequence_keys
from events.live.sequences.redis import RedisSequences
from events.models import SessionMerge
from events.pipeline import Pipeline
from events.rebuild import archive, files, generations
from events.sinks.base import LogRecord, Sink
from events.sinks.live import LiveSink
from events.sinks.sequences import SequenceSink
from events.skus import SkuResolver
from events.tenants import Directory, TenantDirectory
from events.tombstones import TombstoneDirectory
from sdr.accounts.models import Tenant

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class What:
    """A state that can be rebuilt: its keys, itself, its sink, and in what order it wants the archive."""

    spelling: Spelling
    state: Callable[[str | None], ExactState[Any]]
    sink: Callable[..., Sink]
    read_archive: archive.Reader


LIVE_STATE = What(live_keys, RedisLiveState, LiveSink, archive.read_archive)
SEQUENCES = What(sequence_keys, RedisSequences, SequenceSink, archive.read_by_time)


@dataclass(frozen=True, slots=True)
class Past:
    """A log file of what happened before SDR was there; bad rows are reported."""

    file: File
    on_problem: Callable[[str], None]


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
    what: What = LIVE_STATE,
    since: datetime | None = None,
    past: Past | None = None,
    from_archive: bool = True,
    source: Source | None = None,
    on_progress: Progress = lambda _step, _done, _total: None,
) -> None:
    """Build a new generation of a state of the tenant's and put it in force: a file, the archive, then Kafka.

    ``source`` None leaves Kafka out: the consumer then reads again what the archive does not have yet. Interrupted, it
    leaves the state in force as it was. Raises AlreadyRebuilding, BadFile, and Unavailable when a server is away.
    """
    directory = TenantDirectory()
    directory.ids()  # reads the weights along
    with generations.new_generation(tenant.slug, what.spelling) as name:
        state, erased = what.state(name), TombstoneDirectory()
        inner = what.sink(state, OneTenant(tenant, directory), SkuResolver(), ArchiveHistory(), erased)
        sink = Building(inner, int(since.timestamp() * 1000) if since else 0)
        run = _Run(tenant, what, name, sink, on_progress)
        if past is not None:
            run.apply_file(past)
        if from_archive:
            run.apply_archive(since)
            _merge_sessions(tenant, state)
        if source is not None:
            run.catch_up(Pipeline(source, sink))
        generations.put_in_force(tenant.slug, name, what.spelling)


@dataclass(frozen=True, slots=True)
class _Run:
    tenant: Tenant
    what: What
    name: str
    sink: Building
    on_progress: Progress

    def apply_file(self, past: Past) -> None:
        self.sink.positions([files.LOG])
        for records in files.read_file(past.file, self.tenant, past.on_problem):
            self._write(records)
            self.on_progress("file", past.file.position(), 0)
        self.sink.finish()

    def apply_archive(self, since: datetime | None) -> None:
        reached = archive.reached()  # before the rows, so that these reach at least as far
        interactions = archive.archived(self.tenant, since)
        total, done = interactions.count(), 0
        self.sink.positions(list(reached.keys() | set(archive.logs_of(interactions))))
        for records in self.what.read_archive(interactions, self.tenant):
            self._write(records)
            done += len(records)
            self.on_progress("archive", done, total)
        # Also past what happened to others, or before ``since``: nobody is to read that again and count it.
        self.sink.advance({log: max(offset, self.sink.reached.get(log, BEGINNING)) for log, offset in reached.items()})

    def catch_up(self, pipeline: Pipeline) -> None:
        """Read on until nothing that is counted in the state in force is missing from the new one."""
        behind = first_behind = None
        while behind is None or behind > 0:
            pipeline.step()
            self._renew()
            if pipeline.is_positioned:
                pipeline.advance()
                behind = self._behind(pipeline.logs())
                first_behind = max(first_behind or 0, behind)
                self.on_progress("kafka", first_behind - behind, first_behind)

    def _write(self, records: list[LogRecord]) -> None:
        self.sink.write(records)
        self.sink.reached |= {entry.log: entry.record.offset + 1 for entry in records}
        self._renew()

    def _renew(self) -> None:
        generations.renew(self.tenant.slug, self.name, self.what.spelling)

    def _behind(self, logs: Sequence[str]) -> int:
        in_force = self.what.state(None).offsets([self.tenant.slug], logs)
        rebuilt = self.what.state(self.name).offsets([self.tenant.slug], logs)
        return sum(max(in_force[place] - max(rebuilt[place], 0), 0) for place in in_force)


def _merge_sessions(tenant: Tenant, state: ExactState[Any]) -> None:
    """Give users what their sessions did: of merges, the archive's rows know no more than the user."""
    merges = SessionMerge.objects.filter(tenant=tenant).select_related("user").order_by("merged_at")
    for merge in merges.iterator():
        user, session = f"u:{merge.user.external_id}", f"s:{merge.session_id}"
        state.merge(tenant.slug, session, user, merge.merged_at.timestamp())
