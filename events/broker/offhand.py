"""Messages that nobody waits for and that may be lost: apart from the events, whose buffer they must never fill.

Each is put aside, and a thread hands all of them to librdkafka a few times a second: one by one, between the other work
of a request, that takes eight times as long for each (25 µs beside 3), in the caller's time.
"""

import os
import threading
from collections import deque
from collections.abc import Callable
from functools import cached_property, lru_cache
from multiprocessing.util import Finalize

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer
from django.conf import settings
from prometheus_client import Counter

from events.broker.config import producer_config
from sdr import metrics
from sdr.background import Repeating

log = structlog.get_logger(__name__)

_FLUSH_SECONDS = 1.0
_GATHER_SECONDS = 0.05
# A minute of a broker's outage at 150 a second; what comes on top is dropped.
_MAX_MESSAGES = 10_000
_BUFFER = {"queue.buffering.max.messages": _MAX_MESSAGES, "queue.buffering.max.kbytes": 8 * 1024}
_CONFIG = {"enable.idempotence": False, "acks": "1", "linger.ms": 5, "message.timeout.ms": 10_000, **_BUFFER}
_making = threading.Lock()


def send(topic: str, key: str, value: Callable[[], bytes]) -> None:
    """Put a message aside for Kafka. Never waits and never raises; what is dropped or lost is counted.

    ``value`` is called by the thread that hands the message over: a burst of them costs less than one now and then.
    """
    if not settings.KAFKA_BOOTSTRAP_SERVERS:
        _count(topic, "dropped")
        return
    _own().sender.send(topic, key, value)


def close() -> None:
    """Send what is put aside, for a second at most, and forget this process's producer."""
    if _sending.cache_info().currsize:
        _own().end()
        _sending.cache_clear()


class _Sender:
    def __init__(self) -> None:
        self._aside: deque[tuple[str, str, Callable[[], bytes]]] = deque()

    @cached_property
    def _producer(self) -> Producer:
        """Made by the thread, not by the first who sends: it takes some milliseconds."""
        return Producer(producer_config() | _CONFIG)

    def send(self, topic: str, key: str, value: Callable[[], bytes]) -> None:
        if len(self._aside) < _MAX_MESSAGES:
            self._aside.append((topic, key, value))
        else:
            _count(topic, "dropped")

    def step(self) -> None:
        """Hand over what was put aside until now, and hear what became of messages before."""
        for _ in range(len(self._aside)):
            topic, key, value = self._aside.popleft()
            try:
                self._producer.produce(topic, value(), key, on_delivery=_on_delivery)
            except (BufferError, KafkaException):  # Kafka is away, or the message is too large
                _count(topic, "dropped")
        self._producer.poll(0)

    def flush(self) -> None:
        self.step()
        self._producer.flush(_FLUSH_SECONDS)


class _Sending:
    """A sender and its thread."""

    def __init__(self) -> None:
        self.sender = _Sender()
        self._thread = Repeating(self.sender.step, seconds=_GATHER_SECONDS, name="offhand")

    def end(self) -> None:
        self._thread.stop()
        self.sender.flush()


def _own() -> _Sending:
    with _making:  # of two who come first each would make one, and one of them would stay for ever
        return _sending(os.getpid(), settings.KAFKA_BOOTSTRAP_SERVERS)


@lru_cache(maxsize=1)
def _sending(_pid: int, _bootstrap_servers: str) -> _Sending:
    made = _Sending()
    # granian's workers end without atexit; multiprocessing's finalizers do run.
    Finalize(None, close, exitpriority=10)
    return made


def _on_delivery(error: KafkaError | None, message: Message) -> None:
    _count(message.topic() or "", "sent" if error is None else "lost")


def _count(topic: str, result: str) -> None:
    _counter(topic, result).inc()


@lru_cache(maxsize=32)
def _counter(topic: str, result: str) -> Counter:
    return metrics.OFFHAND_MESSAGES.labels(topic=topic, result=result)  # which cost as much as the sending
