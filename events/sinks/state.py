"""Records into a state that counts each of its tenants' events once."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, Generic, NamedTuple

from prometheus_client import Counter

from events import acts, codec
from events.acts import Act
from events.broker.base import BEGINNING
from events.live import parameters
from events.live.base import NO_OFFSET, Applied, Batch, E, ExactState, Rejected, Step
from events.messages import Event
from events.sinks.acts import learn, perform
from events.sinks.base import LogRecord
from events.sinks.calls import Calls
from events.sinks.gaps import History, NoHistory, fill
from events.sinks.pace import CallSize
from events.skus import SkuResolver
from events.tenants import Directory
from events.tombstones import Erased, NobodyErased
from sdr import clock, metrics


class Read(NamedTuple):
    """An event that was read, and when it happened and was received, in seconds since the Unix epoch."""

    entry: LogRecord
    event: Event
    occurred_seconds: float
    received_seconds: float


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
        self._calls = Calls(state, self._on_applied, self._on_rejected)
        self._call_size = self._make_call_size()

    def _make_call_size(self) -> CallSize:
        return CallSize()

    @abstractmethod
    def _taken(self, read: Read, product_id: int, weight: float) -> E | None:
        """Return the event as the state takes it; None if that has no use for it. ``weight``: of its kind."""

    def positions(self, logs: Sequence[str]) -> dict[str, int]:
        tenants = self._tenants.ids()
        self._calls.read_offsets(tenants, logs)
        return {log: min((self._calls.expected(t, log) for t in tenants), default=BEGINNING) for log in logs}

    def fill(self, starts: Mapping[str, int]) -> Iterator[None]:
        tenants, stored = self._tenants.ids(), {}
        for name in starts:
            known = [offset for tenant in tenants if (offset := self._calls.expected(tenant, name)) != NO_OFFSET]
            stored[name] = min(known, default=BEGINNING)
        return fill(self, self._history, stored, starts, tenants, self.processed)

    def write(self, records: Sequence[LogRecord]) -> None:
        """Prepare each part, and let what follows be read, while the state is busy with the part before."""
        self._erased.refresh()
        self._calls.clear_doubt()
        for part in _cut(records, self._call_size.of(len(records))):
            decided = self._decided(part)
            for act in decided:
                learn(self._erased, act)
            batches = self._batches(part)
            if decided:
                self._calls.wait()
                perform(decided, self._state, self._erased)
            for batch in batches:
                self._calls.send(batch)
            self._calls.wait(len(batches))

    def finish(self) -> None:
        self._calls.wait()

    def advance(self, positions: Mapping[str, int]) -> None:
        steps = [Step(log, NO_OFFSET, offset, 0) for log, offset in positions.items()]
        for tenant in self._tenants.ids():
            self._calls.send(Batch(tenant, steps, clock.now_seconds()))
        self._calls.wait()

    def _decided(self, records: Sequence[LogRecord]) -> list[Act]:
        """Return what shops decided about shoppers: it stands before the part's events."""
        found = [(entry, act) for entry in _leading_acts(records) if (act := acts.decode(entry.record.value))]
        ids = self._tenants.ids({act.tenant for _, act in found}) if found else {}
        return [
            act
            for entry, act in found
            if act.tenant in ids and act.at.timestamp() <= parameters.latest(entry.record.timestamp_ms)
        ]

    def _batches(self, records: Sequence[LogRecord]) -> list[Batch[E]]:
        """Return one batch per tenant that has events among these."""
        by_tenant: dict[str, list[Read]] = defaultdict(list)
        for entry in records:
            if read := self._read(entry):
                by_tenant[read.event.tenant].append(read)
        ids = self._tenants.ids(by_tenant.keys())
        ends = {entry.log: entry for entry in records}
        as_of = max(entry.record.timestamp_ms for entry in records) / 1000
        batches = []
        for tenant, reads in by_tenant.items():
            if tenant not in ids:
                for read in reads:
                    self._pass_over(read.entry, "unknown_tenant")
                continue
            reached = dict.fromkeys(read.entry.log for read in reads)
            steps = [Step(log, NO_OFFSET, ends[log].record.offset + 1, _bucket(ends[log])) for log in reached]
            oldest = min(read.received_seconds for read in reads)
            batches.append(Batch(tenant, steps, as_of, self._events(tenant, ids[tenant], reads), oldest))
        return batches

    def _read(self, entry: LogRecord) -> Read | None:
        try:
            event = codec.decode(entry.record.value)
        except codec.Undecodable:
            self._pass_over(entry, "act" if acts.decode(entry.record.value) else "undecodable")
            return None
        occurred, received = event.occurred_at.timestamp(), event.received_at.timestamp()
        # A message says itself when it was received; the log knows better than to believe the future.
        if (
            occurred - received > parameters.MAX_SKEW_SECONDS
            or received - entry.record.timestamp_ms / 1000 > parameters.MAX_SKEW_SECONDS
        ):
            self._pass_over(entry, "from_the_future")
            return None
        if received - occurred > parameters.MAX_LATE_SECONDS:
            self._pass_over(entry, "late")
            return None
        # Nothing happens after it is received: that is a clock ahead of ours.
        return Read(entry, event, min(occurred, received), received)

    def _events(self, tenant: str, tenant_id: int, reads: list[Read]) -> list[E]:
        skus = {read.event.sku for read in reads if read.event.product_id is None and read.event.sku}
        ids = self._skus.resolve(tenant_id, skus) if skus else {}
        taken, weights = [], self._tenants.weights(tenant)
        for read in reads:
            event = read.event
            product_id = event.product_id or ids.get(event.sku or "")
            if product_id is None:
                self._pass_over(read.entry, "unknown_product")
            elif own := self._taken(read, product_id, weights.get(event.kind, 0.0)):
                taken.append(own)
        return taken

    def _on_applied(self, batch: Batch[E], applied: Applied) -> None:
        self._call_size.learn(len(batch.events), applied.seconds)
        if batch.events:
            topic = batch.events[0].log.partition("@")[0]
            self.processed.labels(topic=topic, result="applied").inc(applied.n_applied)
            self.processed.labels(topic=topic, result="duplicate").inc(applied.n_duplicates)
            self.processed.labels(topic=topic, result="already_applied").inc(applied.n_skipped)
            age_seconds = max(clock.now_seconds() - batch.oldest_received_seconds, 0)
            metrics.FRESHNESS_SECONDS.labels(stage=self.stage).observe(age_seconds)

    def _on_rejected(self, batch: Batch[E], _error: Rejected) -> None:
        topic = batch.events[0].log.partition("@")[0]
        self.processed.labels(topic=topic, result="rejected").inc()

    def _pass_over(self, entry: LogRecord, result: str) -> None:
        self.processed.labels(topic=entry.record.partition.topic, result=result).inc()


def _cut(records: Sequence[LogRecord], size: int) -> Iterator[Sequence[LogRecord]]:
    """Yield runs of at most ``size`` in which each log stays in one bucket of the dedup window, as the state asks.

    Acts stand at the beginning of a run: what came before them is stored by then, and what follows is not.
    """
    bucket = _bucket(records[0]) if records else 0
    if not any(acts.is_act(entry.record.value) or _bucket(entry) != bucket for entry in records):
        yield from (records[first : first + size] for first in range(0, len(records), size))
        return
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


def _leading_acts(records: Iterable[LogRecord]) -> Iterator[LogRecord]:
    for entry in records:
        if not acts.is_act(entry.record.value):
            return
        yield entry


def _bucket(entry: LogRecord) -> int:
    return entry.record.timestamp_ms // (1000 * parameters.DEDUP_BUCKET_SECONDS)
