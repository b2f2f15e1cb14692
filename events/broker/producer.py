"""Publishing to Kafka: idempotent, acknowledged by all replicas, bounded in time."""

import os
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from multiprocessing.util import Finalize

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer
from django.conf import settings

from events.broker.admission import Admission
from events.broker.base import Outcome, Outgoing
from events.broker.config import producer_config
from sdr.exceptions import Unavailable

log = structlog.get_logger(__name__)

_FLUSH_SECONDS = 5.0
_POLL_SECONDS = 0.1
_BY_KEY = -1
_making = threading.Lock()


def publisher() -> "KafkaPublisher":
    """Return this process's publisher, made on first use: a producer must not cross a fork."""
    if not settings.KAFKA_BOOTSTRAP_SERVERS:
        raise Unavailable("There is no Kafka to send events to: KAFKA_BOOTSTRAP_SERVERS is not set.")
    with _making:  # of two who come first each would make one, and one of them would stay for ever
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
        self.n_sent = self.n_answered = 0
        self._n_open = n
        self._all_known = threading.Event()
        self._lock = threading.Lock()

    def settler(self, place: int) -> Callable[[KafkaError | None, Message], None]:
        return lambda error, _message: self._answer(place, _outcome(error))

    def refuse(self, place: int) -> None:
        """It never left this process."""
        self._settle(place, Outcome.REJECTED)

    def wait(self, timeout_seconds: float) -> list[Outcome]:
        self._all_known.wait(timeout_seconds)
        with self._lock:
            return list(self.outcomes)

    def _answer(self, place: int, outcome: Outcome) -> None:
        self.n_answered += outcome is not Outcome.UNKNOWN
        self._settle(place, outcome)

    def _settle(self, place: int, outcome: Outcome) -> None:
        with self._lock:
            self.outcomes[place] = outcome
            self._n_open -= 1
            if self._n_open == 0:
                self._all_known.set()


class KafkaPublisher:
    """See :class:`events.broker.base.Publisher`. One background thread runs the callbacks of all calls."""

    def __init__(self, make_producer: Callable[[], Producer] = lambda: Producer(producer_config())) -> None:
        self._admission = Admission(settings.KAFKA_MAX_WAITERS, settings.KAFKA_ACK_TIMEOUT_SECONDS)
        self._make_producer = make_producer
        self._producer = make_producer()
        self._failed: list[Producer] = []
        self._replacing = threading.Lock()
        self._is_closing = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="kafka-producer", daemon=True)
        self._poller.start()
        # granian's workers end without atexit; multiprocessing's finalizers do run.
        self._finalizer = Finalize(None, self.close, exitpriority=10)

    def publish(self, messages: Sequence[Outgoing], *, timeout_seconds: float) -> list[Outcome]:
        if not messages:
            return []
        with self._admission.waiting():
            delivery = self._send(messages)
            outcomes = delivery.wait(timeout_seconds)
        if delivery.n_sent:  # what was refused here says nothing about Kafka
            self._admission.report(was_acknowledged=delivery.n_answered > 0)
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
        delivery, n_full = _Delivery(len(messages)), 0
        for place, message in enumerate(messages):
            try:
                self._produce(message, delivery.settler(place))
                delivery.n_sent += 1
            except BufferError:
                n_full += 1
                delivery.refuse(place)
            except KafkaException:  # too large, or whatever else no broker would take
                delivery.refuse(place)
        if n_full == len(messages):
            raise Unavailable("The buffer of events that wait for Kafka is full.", retry_after_seconds=5)
        return delivery

    def _produce(self, message: Outgoing, on_delivery: Callable[[KafkaError | None, Message], None]) -> None:
        producer = self._producer
        try:
            _hand_over(producer, message, on_delivery)
        except KafkaException as error:
            if not _is_fatal(error.args[0]):
                raise
            _hand_over(self._replace(producer, error), message, on_delivery)

    def _replace(self, failed: Producer, error: KafkaException) -> Producer:
        """Return a producer in the place of one that has failed for good, whoever notices first.

        Those who wait for what the old one held learn that its outcome is unknown.
        """
        with self._replacing:
            if self._producer is failed:
                log.error("the producer has failed for good, and is replaced", error=error.args[0].str())
                self._failed.append(failed)
                self._producer = self._make_producer()
                failed.purge()
            return self._producer

    def _poll(self) -> None:
        while not self._is_closing.is_set():
            self._producer.poll(_POLL_SECONDS)
            for failed in tuple(self._failed):
                failed.poll(0)
                if not len(failed):
                    self._failed.remove(failed)


def _hand_over(
    producer: Producer, message: Outgoing, on_delivery: Callable[[KafkaError | None, Message], None]
) -> None:
    headers: list[tuple[str, str | bytes | None]] = list(message.headers)
    partition = _BY_KEY if message.partition is None else message.partition
    producer.produce(message.topic, message.value, message.key, partition, on_delivery, headers=headers)


def _is_fatal(error: KafkaError) -> bool:
    return error.fatal() or error.code() == KafkaError._FATAL  # noqa: SLF001  the library's public codes begin so


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
