"""A log made into events in the order of time, the last of them now."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from events.kinds import TREND_WEIGHTS
from events.messages import SCHEMA_VERSION, Event
from recommendations.evaluation.log import Interactions

# Lines of one shopper and one instant happen one after the other, so that the last of them is known.
STEP_SECONDS = 0.001
_KIND_OF = {weight: kind for kind, weight in TREND_WEIGHTS.items()}


def user_name(shopper: int) -> str:
    return f"shopper-{shopper}"


def session_name(visit: int) -> str:
    return f"visit-{visit}"


@dataclass(frozen=True, slots=True)
class Script:
    """``log`` with its times as they are replayed. ``order``: places in it, by time; ``turns``: when each one's is.

    Times keep their distances: the log is moved as a whole, and nothing is compressed.
    """

    log: Interactions
    seconds: NDArray[np.float64]
    order: NDArray[np.intp]
    turns: NDArray[np.intp]

    @classmethod
    def of(cls, log: Interactions, now_seconds: float) -> "Script":
        seconds = log.seconds + STEP_SECONDS * _rank_within_instant(log)
        seconds += now_seconds - seconds.max()
        order = np.argsort(seconds, kind="stable")
        turns = np.empty(len(order), dtype=np.intp)
        turns[order] = np.arange(len(order))
        return cls(log, seconds, order, turns)

    def events(self, first: int, end: int, tenant: str, product_ids: NDArray[np.int64]) -> Iterator[Event]:
        """Yield the events whose turns are ``first`` to ``end``, without ``end``, received when they happened.

        A log tells shoppers from sessions no better than by number: each has both names here.
        """
        log = self.log
        for place in self.order[first:end].tolist():
            at = datetime.fromtimestamp(self.seconds.item(place), UTC)
            yield Event(
                event_id=uuid.uuid4(),
                tenant=tenant,
                kind=_KIND_OF[log.weights.item(place)],
                occurred_at=at,
                received_at=at,
                schema_version=SCHEMA_VERSION,
                product_id=int(product_ids.item(log.rows.item(place))),
                user_id=user_name(log.shoppers.item(place)),
                session_id=session_name(log.visits.item(place)),
            )


def _rank_within_instant(log: Interactions) -> NDArray[np.intp]:
    """Return how many interactions of its shopper at its instant stand before each."""
    starts = np.ones(len(log), dtype=np.bool_)
    starts[1:] = (np.diff(log.shoppers) != 0) | (np.diff(log.seconds) != 0)
    places = np.arange(len(log))
    return places - np.maximum.accumulate(np.where(starts, places, 0))
