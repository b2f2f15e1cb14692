"""Records into a state that counts each of its tenants' events once."""

import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import ClassVar, Generic

import structlog
from prometheus_client import Counter

from events import acts, codec
from events.acts import Act
from events.broker.base import BEGINNING
from events.live import parameters
from events.live.base import NO_OFFSET, Applied, Batch, E, ExactState, Rejected, Step
from events.messages import Event
from events.sinks.acts import learn, perform
from events.sinks.base import LogRecord
from events.sinks.gaps import History, NoHistory, fill
from events.sinks.pace import CallSize
from events.skus import SkuResolver
from events.tenants import Directory
from events.tombstones import Erased, NobodyErased
from sdr import clock, metrics
from sdr.exceptions import Unavailable

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Call(Generic[E]):
    """One tenant's share of a part: ``reached`` says of each log the next offset and the bucket."""

    tenant: str
    events: list[E]
    reached: dict[str, tuple[int, int]]
    as_of_seconds: float
    oldest_received_seconds: float


class StateSink(ABC, Generic[E]):
    """See :class:`events.sinks.base.Sink`: one call per tenant, each with the offsets that tenant has reached.

    ``stage`` is what freshness is called, ``processed`` where it is counted what became of events.
    """

    stage: ClassVar[str]
    processed: ClassVar[Counter]

    def __init__(
        self,
        state: ExactState[E],
        tenants: Directory,
        skus: SkuResolver,
        history: History | None = None,
        erased: Erased | None = None,
    ) -> None:
        self._state, self._tenants, self._skus = state, tenants, skus
        self._erased = erased or NobodyErased()
        self._history = history or NoHistory()
        # What this consumer believes is stored, by tenant and log.
        self._expect: dict[tuple[str, str], int] = {}
        self._caller = ThreadPoolExecutor(1, thread_name_prefix=self.stage)
        self._under_way: list[Call[E]] = []
        self._outcome: Future[None] | None = None
        self._call_size = self._make_call_size()

    def _make_call_size(self) -> CallSize:
        return CallSize()

    @abstractmethod
    def _taken(self, entry: LogRecord, event: Event, product_id: int, weight: float) -> E | None:
        """Return the event as the state takes it; None if that has no use for it. ``weight``: of its kind."""

    def positions(self, logs: Sequence[str]) -> dict[str, int]:
        self._give_up()
        tenants = self._tenants.ids()
        self._expect = dict(self._state.offsets(tenants, logs))
        return {log: min((self._expect[tenant, log] for tenant in tenants), default=BEGINNING) for log in logs}

    def fill(self, starts: Mapping[str, int]) -> Iterator[None]:
        tenants, stored = self._tenants.ids(), {}
        for name in starts:
            known = [offset for tenant in tenants if (offset := self._expect.get((tenant, name), BEGINNING)) >= 0]
            stored[name] = min(known, default=BEGINNING)
        return fill(self, self._history, stored, starts, tenants, self.processed)

    def write(self, records: Sequence[LogRecord]) -> None:
        """Prepare each part, and let what follows be read, while the state is busy with the part before."""
        self._erased.refresh()
        for part in _cut(records, self._call_size.of(len(records))):
            decided = self._decided(part)
            for act in decided:
                learn(self._erased, act)
            calls = self._calls(part)
            self.finish()
            perform(decided, self._state, self._erased)
            self._under_way, self._outcome = calls, self._caller.submit(self._make, calls)

    def finish(self) -> None:
        outcome, self._outcome = self._outcome, None
        if outcome is not None:
            outcome.result()
        else:
            self._make(self._under_way)  # nothing, or what failed when it was tried before
        self._under_way = []

    def _give_up(self) -> None:
        """Forget what is under way, done or not: the offsets that are read next will tell."""
        if self._outcome is not None:
            wait([self._outcome])
        self._under_way, self._outcome = [], None

    def advance(self, positions: Mapping[str, int]) -> None:
        self.finish()
        for tenant in self._tenants.ids():
            self._apply(tenant, [], {log: (offset, 0) for log, offset in positions.items()}, clock.now_seconds())

    def _make(self, calls: list[Call[E]]) -> None:
        for call in calls:
            started = time.perf_counter()
            self._apply(call.tenant, call.events, call.reached, call.as_of_seconds)
            self._call_size.learn(len(call.events), time.perf_counter() - started)
            age_seconds = max(clock.now_seconds() - call.oldest_received_seconds, 0)
            metrics.FRESHNESS_SECONDS.labels(stage=self.stage).observe(age_seconds)

    def _decided(self, records: Sequence[LogRecord]) -> list[Act]:
        """Return what shops decided about shoppers: it stands before the part's events."""
        found = [(entry, act) for entry in records if (act := acts.decode(entry.record.value))]
        ids = self._tenants.ids({act.tenant for _, act in found}) if found else {}
        return [
            act
            for entry, act in found
            if act.tenant in ids and act.at.timestamp() <= parameters.latest(entry.record.timestamp_ms)
        ]

    def _calls(self, records: Sequence[LogRecord]) -> list[Call[E]]:
        """Return one call per tenant that has events among these."""
        by_tenant: dict[str, list[tuple[LogRecord, Event]]] = defaultdict(list)
        decoded = [(entry, event) for entry in records if (event := self._decode(entry))]
        ids = self._tenants.ids({event.tenant for _, event in decoded})
        for entry, event in decoded:
            if event.tenant in ids:
                by_tenant[event.tenant].append((entry, event))
            else:
                self._pass_over(entry, "unknown_tenant")
        ends = {entry.log: (entry.record.offset + 1, _bucket(entry)) for entry in records}
        as_of = max(entry.record.timestamp_ms for entry in records) / 1000
        calls = []
        for tenant, entries in by_tenant.items():
            reached = {entry.log: ends[entry.log] for entry, _ in entries}
            oldest = min(event.received_at for _, event in entries).timestamp()
            calls.append(Call(tenant, self._events(tenant, ids[tenant], entries), reached, as_of, oldest))
        return calls

    def _decode(self, entry: LogRecord) -> Event | None:
        try:
            event = codec.decode(entry.record.value)
        except codec.Undecodable:
            self._pass_over(entry, "act" if acts.decode(entry.record.value) else "undecodable")
            return None
        occurred, received = event.occurred_at.timestamp(), event.received_at.timestamp()
        # A message says itself when it was received; the log knows better than to believe the future.
        received_ahead = received - entry.record.timestamp_ms / 1000
        if max(occurred - received, received_ahead) > parameters.MAX_SKEW_SECONDS:
            self._pass_over(entry, "from_the_future")
            return None
        if received - occurred > parameters.MAX_LATE_SECONDS:
            self._pass_over(entry, "late")
            return None
        return event

    def _events(self, tenant: str, tenant_id: int, entries: list[tuple[LogRecord, Event]]) -> list[E]:
        skus = {event.sku for _, event in entries if event.product_id is None and event.sku}
        ids = self._skus.resolve(tenant_id, skus) if skus else {}
        taken, weights = [], self._tenants.weights(tenant)
        for entry, event in entries:
            product_id = event.product_id or ids.get(event.sku or "")
            if product_id is None:
                self._pass_over(entry, "unknown_product")
            elif own := self._taken(entry, event, product_id, weights.get(event.kind, 0.0)):
                taken.append(own)
        return taken

    def _apply(self, tenant: str, events: list[E], reached: dict[str, tuple[int, int]], as_of_seconds: float) -> None:
        steps = [
            Step(log, self._expect.get((tenant, log), NO_OFFSET), next_offset, bucket)
            for log, (next_offset, bucket) in reached.items()
        ]
        try:
            applied = self._state.apply(Batch(tenant, steps, as_of_seconds, events))
        except Rejected as error:
            self._bisect(tenant, events, reached, as_of_seconds, error)
            return
        self._expect |= {(tenant, step.log): max(step.next_offset, step.expect) for step in steps}
        self._count(events, applied)

    def _bisect(
        self,
        tenant: str,
        events: list[E],
        reached: dict[str, tuple[int, int]],
        as_of_seconds: float,
        error: Rejected,
    ) -> None:
        """Find the event that cannot be applied, skip it, count it, and apply the others."""
        if not events:
            # Not an event's fault: the tenant's own keys are broken. Waiting loses nothing.
            raise Unavailable(f"The state of {tenant} is broken: {error}") from error
        if len(events) == 1:
            log.error("event skipped", tenant=tenant, event_id=events[0].event_id.hex(), error=str(error))
            self.processed.labels(topic=events[0].log.partition("@")[0], result="rejected").inc()
            self._apply(tenant, [], reached, as_of_seconds)
            return
        first, second = events[: len(events) // 2], events[len(events) // 2 :]
        before = {event.log: (event.offset + 1, reached[event.log][1]) for event in first}
        self._apply(tenant, first, before, as_of_seconds)
        self._apply(tenant, second, reached, as_of_seconds)

    def _pass_over(self, entry: LogRecord, result: str) -> None:
        self.processed.labels(topic=entry.record.partition.topic, result=result).inc()

    def _count(self, events: list[E], applied: Applied) -> None:
        if events:
            topic = events[0].log.partition("@")[0]
            self.processed.labels(topic=topic, result="applied").inc(applied.n_applied)
            self.processed.labels(topic=topic, result="duplicate").inc(applied.n_duplicates)
            self.processed.labels(topic=topic, result="already_applied").inc(applied.n_skipped)


def _cut(records: Sequence[LogRecord], size: int) -> Iterator[list[LogRecord]]:
    """Yield runs of at most ``size`` in which each log stays in one bucket of the dedup window, as the state asks.

    Acts stand at the beginning of a run: what came before them is stored by then, and what follows is not.
    """
    run: list[LogRecord] = []
    buckets: dict[str, int] = {}
    has_events = False
    for entry in records:
        bucket, is_act = _bucket(entry), acts.is_act(entry.record.value)
        if buckets.setdefault(entry.log, bucket) != bucket or len(run) == size or (is_act and has_events):
            yield run
            run, buckets, has_events = [], {entry.log: bucket}, False
        run.append(entry)
        has_events = has_events or not is_act
    if run:
        yield run


def _bucket(entry: LogRecord) -> int:
    return entry.record.timestamp_ms // (1000 * parameters.DEDUP_BUCKET_SECONDS)
