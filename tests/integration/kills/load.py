"""Shoppers without a pause: events sent by SDR's own producer, and a book of those that were acknowledged."""

import math
import random
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from events import codec
from events.broker.base import Outcome, Outgoing
from events.broker.producer import KafkaPublisher
from events.kinds import TREND_WEIGHTS, Kind, topic_of
from events.live import parameters
from events.live.base import Batch, Step
from events.live.sequences.base import StepEvent
from events.live.sequences.memory import MemorySequences, TenantSequences
from events.live.sequences.sessions import KIND_NUMBERS
from events.messages import Event
from sdr import clock
from tests.eventually import eventually
from tests.unit.events.factories import make_event

N_PRODUCTS = 40
BATCH = 50
BATCHES_PER_SECOND = 20
ACK_SECONDS = 40  # longer than the producer tries: each event is known to have arrived, or not
KINDS = [Kind.CLICK] * 8 + [Kind.VIEW, Kind.PURCHASE]


@dataclass(frozen=True)
class Mix:
    """What is special about the events: shares of garbage and of duplicates, and how late the latest may be.

    ``n_sessions``: of so many, without users, in which each event comes in time; 0: of users, all in one.
    """

    garbage: float = 0.0
    duplicates: float = 0.0
    late_seconds: float = 0.0
    n_sessions: int = 0


class Load:
    """Sends in a thread of its own until :meth:`stop`. Whatever is not acknowledged is sent again with its id."""

    def __init__(self, mix: Mix = Mix(), *, seed: int = 1) -> None:
        self._mix, self._random = mix, random.Random(seed)
        self._publisher = KafkaPublisher()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load")
        self._failure: Exception | None = None
        self.acknowledged: list[Event] = []
        self.n_garbage = self.n_duplicates = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return when everything that was sent is acknowledged."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._publisher.close()
        if self._failure is not None:
            raise self._failure

    def wait_for(self, n_events: int) -> None:
        """Return when so many more events than now are acknowledged."""
        wanted = len(self.acknowledged) + n_events
        eventually(lambda: self._failure or len(self.acknowledged) >= wanted, seconds=60)

    def _run(self) -> None:
        try:
            while not self._stopping.wait(1 / BATCHES_PER_SECOND):
                self.send(BATCH)
        except Exception as error:  # noqa: BLE001  raised again where the test waits
            self._failure = error

    def send(self, n_events: int) -> list[Event]:
        """Send so many events at once; return them when they are acknowledged."""
        events = [self._event() for _ in range(n_events)]
        messages = [_outgoing(event) for event in events]
        duplicates = [message for message in messages if self._random.random() < self._mix.duplicates]
        garbage = [self._garbage() for _ in events if self._random.random() < self._mix.garbage]
        self._publish(messages)
        self._publish(duplicates)
        self._publish(garbage)
        self.acknowledged += events
        self.n_duplicates += len(duplicates)
        self.n_garbage += len(garbage)
        return events

    def _publish(self, messages: list[Outgoing]) -> None:
        while messages:
            outcomes = self._publisher.publish(messages, timeout_seconds=ACK_SECONDS)
            messages = [m for m, outcome in zip(messages, outcomes, strict=True) if outcome is not Outcome.ACCEPTED]

    def _event(self) -> Event:
        now = clock.now_seconds()
        product = 1 + int(N_PRODUCTS * self._random.random() ** 3)  # some are far more popular than others
        at = now - self._random.uniform(0, self._mix.late_seconds)
        if self._mix.n_sessions:
            session = f"s-{self._random.randrange(self._mix.n_sessions)}"
            kind = Kind.CLICK if product % 5 else Kind.VIEW  # of one topic, so that a session's stay in order
            return make_event(product, kind=kind, at=now, received_at=now, session_id=session)
        shopper = f"u-{self._random.randrange(200)}"
        return make_event(product, kind=self._random.choice(KINDS), at=at, received_at=now, user_id=shopper)

    def _garbage(self) -> Outgoing:
        kinds: list[Callable[[], bytes]] = [
            lambda: self._random.randbytes(40),
            lambda: b"{}",
            lambda: codec.encode(self._event())[:-20],
            lambda: codec.encode(self._event()).replace(b'"schema_version":1', b'"schema_version":99'),
        ]
        return Outgoing(topic_of(Kind.CLICK), f"u-{self._random.randrange(200)}", self._random.choice(kinds)())


def _outgoing(event: Event) -> Outgoing:
    return Outgoing(topic_of(event.kind), event.shopper, codec.encode(event))


def clicks_of(events: Iterable[Event]) -> Counter[int]:
    """Return how often each product was clicked."""
    return Counter(event.product_id for event in events if event.kind is Kind.CLICK)


def week_of(events: Iterable[Event]) -> dict[int, float]:
    """Return each product's score in the week's trend, worked out the simple way."""
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
