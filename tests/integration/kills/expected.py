"""What the state is to be: worked out the simple way, from the events alone, and from the logs' own order."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable

import numpy as np

from events import codec
from events.broker.reading import read_to_end
from events.kinds import TOPICS, TREND_WEIGHTS, Kind
from events.live import parameters
from events.live.base import Batch, Step
from events.live.sequences.base import StepEvent
from events.live.sequences.memory import MemorySequences, TenantSequences
from events.live.sequences.sessions import KIND_NUMBERS
from events.messages import Event
from sdr import clock


class LogBook:
    """Every event that the logs have or had, each once, in the order in which its log has it.

    Whoever learns goes by that order, and by no other is it exact: a broker that is killed has its producer send again
    what it did not acknowledge, which then stands behind what was sent later, or twice.
    """

    def __init__(self) -> None:
        self._events: dict[bytes, Event] = {}

    def note(self) -> None:
        """Read the logs to their ends; also to be called before something of them is deleted."""
        for record in read_to_end(TOPICS):
            try:
                event = codec.decode(record.value)
            except codec.Undecodable:
                continue
            self._events.setdefault(event.event_id.bytes, event)

    def in_order(self, events: Iterable[Event]) -> list[Event]:
        """Return these events as the logs have them. Fails where one of them is in none."""
        ids = {event.event_id.bytes for event in events}
        found = [event for event_id, event in self._events.items() if event_id in ids]
        assert len(found) == len(ids), f"{len(ids) - len(found)} events were acknowledged and are in no log"
        return found


def clicks_of(events: Iterable[Event]) -> Counter[int]:
    """Return how often each product was clicked."""
    return Counter(event.product_id for event in events if event.kind is Kind.CLICK)


def week_of(events: Iterable[Event]) -> dict[int, float]:
    """Return each product's score in the week's trend."""
    added: dict[int, list[float]] = defaultdict(list)
    for event in events:
        at = event.occurred_at.timestamp()
        added[event.product_id].append(math.log(TREND_WEIGHTS[event.kind]) + parameters.LAMBDA_WEEK * at)
    return {product: float(np.logaddexp.reduce(scores)) for product, scores in added.items()}


def learned_from(events: Iterable[Event]) -> TenantSequences:
    """Return what is known of sessions whose events came in this order, and of what follows what."""
    oracle = MemorySequences()
    steps = [
        StepEvent(
            "log", offset, event.event_id.bytes, event.shoppers[-1], event.product_id, KIND_NUMBERS[event.kind],
            parameters.milliseconds_kept(event.occurred_at.timestamp()), TREND_WEIGHTS[event.kind],
        )
        for offset, event in enumerate(events)
    ]  # fmt: skip
    oracle.apply(Batch("default", [Step("log", -1, len(steps), 0)], clock.now_seconds(), steps))
    return oracle.tenants["default"]
