"""What follows what in plain Python: what Redis is held to in tests, written to be read."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from events.live.base import NO_OFFSET, Applied, Batch, Moved
from events.live.memory import Admission, Telling, admit
from events.live.sequences import parameters
from events.live.sequences.base import StepEvent, fades
from events.live.sequences.kinds import Following
from events.live.sequences.lists import FollowingList
from events.live.sequences.sessions import Met, learn

Place = tuple[Following, int]


@dataclass
class Followed:
    """One row of a list."""

    product_id: int
    score: float
    count: int


@dataclass
class Learned:
    """What one batch adds to one entry."""

    weight: float = 0.0
    count: int = 0


@dataclass
class TenantSequences(Admission):
    sessions: dict[str, list[Met]] = field(default_factory=lambda: defaultdict(list))
    lists: dict[Place, list[Followed]] = field(default_factory=lambda: defaultdict(list))


class MemorySequences(Telling[StepEvent]):
    """See :class:`events.live.sequences.base.SequenceState`."""

    def __init__(self, half_life_days: float = 30.0) -> None:
        super().__init__()
        self.tenants: dict[str, TenantSequences] = defaultdict(TenantSequences)
        self._rate = parameters.decay_rate(half_life_days)

    def offsets(self, tenants: Iterable[str], logs: Iterable[str]) -> Mapping[tuple[str, str], int]:
        logs = list(logs)
        return {(t, log): self.tenants[t].offsets.get(log, NO_OFFSET) for t in tenants for log in logs}

    def apply(self, batch: Batch[StepEvent]) -> Applied:
        state = self.tenants[batch.tenant]
        as_of_seconds, faded = fades(batch, self._rate)
        fade_of = dict(zip(map(id, batch.events), faded, strict=True))
        events, applied = admit(state, batch)
        learned: dict[Place, dict[int, Learned]] = defaultdict(lambda: defaultdict(Learned))
        for event in events:
            for pair in learn(state.sessions[event.session], event.met, event.weight):
                entry = learned[pair.following, pair.product_id][pair.follower_id]
                entry.weight += pair.weight * fade_of[id(event)]
                entry.count += 1
        for place, entries in learned.items():
            self._add(state.lists[place], entries, as_of_seconds)
        return applied

    def _add(self, listed: list[Followed], entries: Mapping[int, Learned], as_of_seconds: float) -> None:
        """Who is listed gains first; then each newcomer takes the place of the lowest, where the list is full."""
        known, newcomers = {followed.product_id: followed for followed in listed}, []
        for product, entry in entries.items():
            gained = Followed(product, math.log(entry.weight) + self._rate * as_of_seconds, entry.count)
            if own := known.get(product):
                own.score, own.count = _sum(own.score, gained.score), own.count + gained.count
            else:
                newcomers.append(gained)
        for newcomer in newcomers:
            if len(listed) < parameters.MAX_LISTED:
                listed.append(newcomer)
                continue
            lowest = min(range(len(listed)), key=lambda row: listed[row].score)
            if newcomer.score >= listed[lowest].score:
                listed[lowest] = newcomer

    def forget(self, tenant: str, shopper: str, until_seconds: float) -> Moved:
        session = self.tenants[tenant].sessions.pop(shopper, [])
        left = [met for met in session if met.at_ms > until_seconds * 1000]
        if left:
            self.tenants[tenant].sessions[shopper] = left
        return Moved(len(session) - len(left), 0)

    def merge(self, tenant: str, from_shopper: str, to_shopper: str, until_seconds: float) -> Moved:
        return Moved(0, 0)

    def session(self, tenant: str, shopper: str) -> list[Met]:
        return list(self.tenants[tenant].sessions.get(shopper, []))

    def following(self, tenant: str, kind: Following, product_id: int) -> FollowingList:
        listed = self.tenants[tenant].lists.get((kind, product_id), [])
        return FollowingList(
            np.array([followed.product_id for followed in listed], np.int64),
            np.array([followed.score for followed in listed], np.float64),
            np.array([followed.count for followed in listed], np.int32),
        )


def _sum(a: float, b: float) -> float:
    """Return log(exp(a) + exp(b)), as Redis' script does, to the last bit."""
    return max(a, b) + math.log(1 + math.exp(-abs(a - b)))
