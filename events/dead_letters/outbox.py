"""Dead letters on their way to Kafka."""

from collections.abc import Callable, Sequence

from django.conf import settings

from events.broker.base import Outcome, Publisher
from events.dead_letters.letter import DeadLetter, Origin, to_message
from sdr import metrics
from sdr.exceptions import Unavailable


class Outbox:
    """Remembers what Kafka has taken, so that a batch which is tried again does not send its letters again."""

    def __init__(self, publisher: Callable[[], Publisher]) -> None:
        self._publisher = publisher
        self._taken: set[Origin] = set()

    def send(self, letters: Sequence[DeadLetter]) -> None:
        """Publish what was not yet. Raises Unavailable unless Kafka now has all of them."""
        open_letters = [letter for letter in letters if letter.origin not in self._taken]
        if not open_letters:
            return
        outcomes = self._publisher().publish(
            [to_message(letter) for letter in open_letters], timeout_seconds=settings.KAFKA_ACK_TIMEOUT_SECONDS
        )
        for letter, outcome in zip(open_letters, outcomes, strict=True):
            if outcome is Outcome.ACCEPTED:
                self._taken.add(letter.origin)
                metrics.DEAD_LETTERS.labels(topic=letter.origin.topic, reason=letter.reason).inc()
        if n_open := len(outcomes) - outcomes.count(Outcome.ACCEPTED):
            raise Unavailable(f"Kafka did not acknowledge {n_open} of {len(outcomes)} dead letters.")

    def forget(self, letters: Sequence[DeadLetter]) -> None:
        """The offsets behind these letters are stored: they will not be sent again."""
        self._taken.difference_update(letter.origin for letter in letters)
