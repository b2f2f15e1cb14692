"""The live state in plain Python: what Redis is held to in tests, written to be read."""

import math
from abc import ABC, abstractmethod
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic

import numpy as np

from events.live import parameters
from events.live.base import NO_OFFSET, Applied, Batch, E, LiveEvent, LogEvent, Moved, Rejected, Shopper, WentBack
from events.live.changes import Changes
from sdr.exceptions import Unavailable


@dataclass
class Admission:
    """What is kept to take each event once."""

    offsets: dict[str, int] = field(default_factory=dict)
    # By topic and partition, whatever the incarnation: the newest bucket, and the ids of each.
    newest: dict[str, int] = field(default_factory=dict)
    seen: dict[tuple[str, int], set[bytes]] = field(default_factory=lambda: defaultdict(set))


@dataclass
class TenantState(Admission):
    hour: dict[int, float] = field(default_factory=dict)
    week: dict[int, float] = field(default_factory=dict)
    clicks: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    recent: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    marks: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))


class Telling(ABC, Generic[E]):
    """Batches are applied as they are sent, and what became of them is told later."""

    def __init__(self) -> None:
        self._outcomes: deque[Applied | Exception] = deque()

    @abstractmethod
    def apply(self, batch: Batch[E]) -> Applied:
        """See :class:`events.live.base.ExactState`."""

    def send(self, batch: Batch[E]) -> None:
        try:
            self._outcomes.append(self.apply(batch))
        except (WentBack, Rejected, Unavailable) as error:
            self._outcomes.append(error)

    def result(self) -> Applied:
        outcome = self._outcomes.popleft()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def drop(self) -> None:
        self._outcomes.clear()


class MemoryLiveState(Telling[LiveEvent]):
    """See :class:`events.live.base.LiveState`."""

    def __init__(self) -> None:
        super().__init__()
        self.tenants: dict[str, TenantState] = defaultdict(TenantState)

    def offsets(self, tenants: Iterable[str], logs: Iterable[str]) -> Mapping[tuple[str, str], int]:
        logs = list(logs)
        return {(t, log): self.tenants[t].offsets.get(log, NO_OFFSET) for t in tenants for log in logs}

    def apply(self, batch: Batch[LiveEvent]) -> Applied:
        state = self.tenants[batch.tenant]
        events, applied = admit(state, batch)
        for event in events:
            _count(state, event)
            _note(state, event)
        _forget_faded(state, batch)
        return applied

    def shopper(self, tenant: str, shopper: str) -> Shopper:
        times = self.tenants[tenant].recent[shopper]
        newest_first = sorted(times, key=lambda product: (times[product], product), reverse=True)
        recent = [(int(product), times[product]) for product in newest_first]
        return Shopper(recent, dict(self.tenants[tenant].marks[shopper]))

    def forget(self, tenant: str, shopper: str, until_seconds: float) -> Moved:
        until = _kept(until_seconds)
        return Moved(*(len(_take_until(times[shopper], until)) for times in self._shoppers(tenant)))

    def merge(self, tenant: str, from_shopper: str, to_shopper: str, until_seconds: float) -> Moved:
        until, n_moved = _kept(until_seconds), []
        for times, n_kept in zip(self._shoppers(tenant), (parameters.MAX_RECENT, parameters.MAX_MARKS), strict=True):
            taken = _take_until(times[from_shopper], until)
            for member, at in taken.items():
                _keep_newest(times[to_shopper], member, at, n_kept)
            n_moved.append(len(taken))
        return Moved(*n_moved)

    def _shoppers(self, tenant: str) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
        return self.tenants[tenant].recent, self.tenants[tenant].marks

    def products(self, tenant: str) -> Changes:
        state = self.tenants[tenant]
        ids = sorted(state.week)
        return Changes(
            np.array(ids, dtype=np.int64),
            np.array([state.hour[i] for i in ids], dtype=np.float64),
            np.array([state.week[i] for i in ids], dtype=np.float64),
            np.array([state.clicks[i] for i in ids], dtype=np.int64),
        )


def admit(state: Admission, batch: Batch[E]) -> tuple[list[E], Applied]:
    """Return the batch's events that are new, and store how far it goes; raises WentBack, with nothing changed."""
    stored = {step.log: state.offsets.get(step.log, NO_OFFSET) for step in batch.steps}
    if any(stored[step.log] < step.expect for step in batch.steps):
        raise WentBack(batch.tenant)
    buckets = {step.log: max(step.bucket, state.newest.get(_place(step.log), step.bucket)) for step in batch.steps}
    events: list[E] = []
    n_duplicates = n_skipped = 0
    for event in batch.events:
        if event.offset < stored[event.log]:
            n_skipped += 1
        elif _is_known(state, event, buckets[event.log]):
            n_duplicates += 1
        else:
            events.append(event)
            state.seen[_place(event.log), buckets[event.log]].add(event.event_id)
            state.newest[_place(event.log)] = buckets[event.log]
    for step in batch.steps:
        state.offsets[step.log] = max(stored[step.log], step.next_offset)
    return events, Applied(len(events), n_duplicates, n_skipped)


def _is_known(state: Admission, event: LogEvent, bucket: int) -> bool:
    return any(event.event_id in state.seen[_place(event.log), b] for b in (bucket, bucket - 1))


def _place(log: str) -> str:
    """Return ``topic/partition`` of ``topic@incarnation/partition``."""
    topic, _, rest = log.partition("@")
    return f"{topic}/{rest.rpartition('/')[2]}"


def _count(state: TenantState, event: LiveEvent) -> None:
    product = event.product_id
    state.clicks[product] += event.is_click
    if event.weight > 0:
        for scores, rate in ((state.hour, parameters.LAMBDA_HOUR), (state.week, parameters.LAMBDA_WEEK)):
            score = math.log(event.weight) + rate * event.occurred_at_seconds
            scores[product] = float(np.logaddexp(scores.get(product, -math.inf), score))


def _note(state: TenantState, event: LiveEvent) -> None:
    at = _kept(event.occurred_at_seconds)
    for shopper in event.shoppers:
        if event.is_met:
            _keep_newest(state.recent[shopper], str(event.product_id), at, parameters.MAX_RECENT)
        if event.mark:
            _keep_newest(state.marks[shopper], event.mark, at, parameters.MAX_MARKS)


def _kept(at_seconds: float) -> float:
    """Return the instant as shoppers' times are kept: in whole milliseconds."""
    return at_seconds if math.isinf(at_seconds) else parameters.milliseconds_kept(at_seconds) / 1000


def _keep_newest(times: dict[str, float], member: str, at: float, n: int) -> None:
    times[member] = max(times.get(member, at), at)
    if len(times) > n:
        del times[min(times, key=lambda m: (times[m], m))]


def _take_until(times: dict[str, float], until: float) -> dict[str, float]:
    taken = {member: at for member, at in times.items() if at <= until}
    for member in taken:
        del times[member]
    return taken


def _forget_faded(state: TenantState, batch: Batch[LiveEvent]) -> None:
    limit = parameters.faded_below(batch.as_of_seconds)
    touched = {event.product_id for event in batch.events}
    for product in [product for product, score in state.week.items() if score <= limit and product not in touched]:
        del state.hour[product], state.week[product]
