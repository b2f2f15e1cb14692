"""Shoppers without a pause: events sent by SDR's own producer, and a book of those that were acknowledged."""

import random
import threading
from dataclasses import dataclass

from events import codec
from events.broker.base import Outcome, Outgoing
from events.broker.producer import KafkaPublisher
from events.kinds import Kind, topic_of
from events.messages import Event
from sdr import clock
from tests.eventually import eventually
from tests.unit.events.factories import make_event

N_PRODUCTS = 40  # fewer than a list of what follows holds: nothing is pushed out of it
N_USERS = 200
STEPS = 15  # of one session, about: who takes fifty is a robot, and teaches nothing
BATCH = 50
BATCHES_PER_SECOND = 20
ACK_SECONDS = 40  # longer than the producer tries: each event is known to have arrived, or not
LOOKS = [Kind.CLICK] * 9 + [Kind.VIEW]
DEEDS = [Kind.PURCHASE] * 3 + [Kind.ADD_TO_CART, Kind.WISHLIST]
PAIRED_SECONDS = 0.1


@dataclass(frozen=True)
class Mix:
    """What is special about the events: shares of garbage and of duplicates, and how late the latest may be.

    ``in_pairs``: each session is of two steps of one kind, which teach the same whichever of them is learned first.
    """

    garbage: float = 0.0
    duplicates: float = 0.0
    late_seconds: float = 0.0
    in_pairs: bool = False


class Load:
    """Sends in a thread of its own until :meth:`stop`. Whatever is not acknowledged is sent again with its id.

    Every fifth user does things, the others look: a session's events travel on one topic, and so in one log, whose
    order says in which they are learned.
    """

    def __init__(self, name: str, mix: Mix = Mix(), *, seed: int = 1) -> None:
        self._mix, self._random = mix, random.Random(seed)
        self._publisher = KafkaPublisher()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load")
        self._failure: Exception | None = None
        self._n_made = 0
        # Of this test alone: others erase theirs.
        self.users = [f"{name}-{number}" for number in range(N_USERS)]
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
        made, now = self._n_made, clock.now_seconds()
        self._n_made += 1
        if self._mix.in_pairs:
            session, is_second = divmod(made, 2)
            user, at = session % N_USERS, now - (0 if is_second else PAIRED_SECONDS)
        else:
            user, at = self._random.randrange(N_USERS), now - self._random.uniform(0, self._mix.late_seconds)
            session = user + made // (STEPS * N_USERS) * N_USERS
        kinds = LOOKS if user % 5 else DEEDS
        kind = kinds[0] if self._mix.in_pairs else self._random.choice(kinds)
        product = 1 + int(N_PRODUCTS * self._random.random() ** 3)  # some are far more popular than others
        name = self.users[user]
        return make_event(product, kind=kind, at=at, received_at=now, user_id=name, session_id=f"s-{session}")

    def _garbage(self) -> Outgoing:
        kinds = [
            lambda: self._random.randbytes(40),
            lambda: b"{}",
            lambda: codec.encode(self._event())[:-20],
            lambda: codec.encode(self._event()).replace(b'"schema_version":1', b'"schema_version":99'),
        ]
        return Outgoing(topic_of(Kind.CLICK), self._random.choice(self.users), self._random.choice(kinds)())


def _outgoing(event: Event) -> Outgoing:
    return Outgoing(topic_of(event.kind), event.shopper, codec.encode(event))
