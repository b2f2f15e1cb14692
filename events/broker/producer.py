"""Publishing to Kafka: idempotent, acknowledged by all replicas, bounded in time."""

import os
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from multiprocessing.util import Finalize

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from django.conf import settings

from events.broker.admission import Admission
from events.broker.base import Outcome, Outgoing
from events.broker.config import producer_config
from sdr.exceptions import Unavailable

_FLUSH_SECONDS = 5.0
_POLL_SECONDS = 0.1


def publisher() -> "KafkaPublisher":
    """Return this process's publisher, made on first use: a producer must not cross a fork."""
    if not settings.KAFKA_BOOTSTRAP_SERVERS:
        raise Unavailable("There is no Kafka to send events to: KAFKA_BOOTSTRAP_SERVERS is not set.")
    return _publisher(os.getpid(), settings.KAFKA_BOOTSTRAP_SERVERS)


def close_publisher() -> None:
    """Send what is buffered and forget this process's publisher; the next call makes another."""
    if _publisher.cache_info().currsize:
        publisher().close()
        _publisher.cache_clear()


@lru_cache(maxsize=1)
def _publisher(_pid: int, _bootstrap_servers: str) -> "KafkaPublisher":
    return KafkaPublisher()


class _Delivery:
    """The outcomes of one call, filled in by the producer's callbacks."""

    def __init__(self, n: int) -> None:
        self.outcomes = [Outcome.UNKNOWN] * n
        self._n_open = n
        self._all_known = threading.Event()
        self._lock = threading.Lock()

    def settler(self, place: int) -> Callable[[KafkaError | None, Message], None]:
        return lambda error, _message: self.settle(place, _outcome(error))

    def settle(self, place: int, outcome: Outcome) -> None:
        with self._lock:
            self.outcomes[place] = outcome
            self._n_open -= 1
            if self._n_open == 0:
                self._all_known.set()

    def wait(self, timeout_seconds: float) -> list[Outcome]:
        self._all_known.wait(timeout_seconds)
        with self._lock:
            return list(self.outcomes)


class KafkaPublisher:
    """See :class:`events.broker.base.Publisher`. One background thread runs the callbacks of all calls."""

    def __init__(self) -> None:
        self._admission = Admission(settings.KAFKA_MAX_WAITERS, settings.KAFKA_ACK_TIMEOUT_SECONDS)
        self._producer = Producer(producer_config())
        self._is_closing = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="kafka-producer", daemon=True)
        self._poller.start()
        # granian's workers end without atexit; multiprocessing's finalizers do run.
        self._finalizer = Finalize(None, self.close, exitpriority=10)

    def publish(self, messages: Sequence[Outgoing], *, timeout_seconds: float) -> list[Outcome]:
        if not messages:
            return []
        with self._admission.waiting():
            outcomes = self._send(messages).wait(timeout_seconds)
        self._admission.report(was_acknowledged=any(outcome is not Outcome.UNKNOWN for outcome in outcomes))
        return outcomes

    def enqueue(self, messages: Sequence[Outgoing]) -> list[Outcome]:
        outcomes = self._send(messages).wait(0) if messages else []
        return [Outcome.REJECTED if outcome is Outcome.REJECTED else Outcome.ACCEPTED for outcome in outcomes]

    def close(self) -> None:
        """Send what is buffered, for a few seconds at most."""
        self._finalizer.cancel()
        self._is_closing.set()
        self._poller.join()
        self._producer.flush(_FLUSH_SECONDS)

    def _send(self, messages: Sequence[Outgoing]) -> _Delivery:
        delivery = _Delivery(len(messages))
        n_full = 0
        for place, message in enumerate(messages):
            try:
                self._producer.produce(
                    message.topic,
                    message.value,
                    message.key,
                    headers=list(message.headers),
                    on_delivery=delivery.settler(place),
                )
            except (BufferError, KafkaException):  # no room, or too large, or a producer that is beyond help
                n_full += 1
                delivery.settle(place, Outcome.REJECTED)
        if n_full == len(messages):
            raise Unavailable("The buffer of events that wait for Kafka is full.", retry_after_seconds=5)
        return delivery

    def _poll(self) -> None:
        while not self._is_closing.is_set():
            self._producer.poll(_POLL_SECONDS)


# Errors after which a message is surely not in the log.
_REFUSED = {
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.INVALID_MSG,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
}


def _outcome(error: KafkaError | None) -> Outcome:
    if error is None:
        return Outcome.ACCEPTED
    # After any other the message may lie in the log all the same: its acknowledgement may be what was lost.
    return Outcome.REJECTED if error.code() in _REFUSED else Outcome.UNKNOWN
