"""What any state of what follows what promises, whatever keeps it."""

import math
from typing import Protocol

from events.live.base import Batch, ExactState, LogEvent
from events.live.sequences.kinds import Following
from events.live.sequences.lists import FollowingList
from events.live.sequences.sessions import Met


class StepEvent(LogEvent, frozen=True):
    """An event as a step of a session. ``session``: ``s:<session id>``, or ``u:<user id>`` where there is none.

    ``weight``: of its kind; ``kind_number``: see :data:`events.live.sequences.sessions.KIND_NUMBERS`.
    """

    session: str
    product_id: int
    kind_number: int
    at_ms: int
    weight: float

    @property
    def met(self) -> Met:
        return Met(self.at_ms, self.product_id, self.kind_number)


class SequenceState(ExactState[StepEvent], Protocol):
    """The lists of all tenants, and the sessions that they are learned from.

    A merge moves nothing: a session keeps its name when its shopper gets one.
    """

    def session(self, tenant: str, shopper: str) -> list[Met]:
        """Return what the session met, in order of time; nothing of a stranger."""
        ...

    def following(self, tenant: str, kind: Following, product_id: int) -> FollowingList:
        """Return what follows a product."""
        ...


def fades(batch: Batch[StepEvent], rate: float) -> tuple[float, list[float]]:
    """Return the instant of the newest step in seconds, and what each step of the batch weighs then."""
    newest_ms = max((event.at_ms for event in batch.events), default=0)
    return newest_ms / 1000, [math.exp(rate * (event.at_ms - newest_ms) / 1000) for event in batch.events]
