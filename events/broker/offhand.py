"""Messages that nobody waits for and that may be lost: apart from the events, whose buffer they must never fill."""

import os
import time
from functools import lru_cache
from multiprocessing.util import Finalize

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer
from django.conf import settings
from prometheus_client import Counter

from events.broker.config import producer_config
from sdr import metrics

log = structlog.get_logger(__name__)

_FLUSH_SECONDS = 1.0
_POLL_SECONDS = 0.05
# A minute of a broker's outage at 150 a second; what comes on top is dropped.
_BUFFER = {"queue.buffering.max.messages": 10_000, "queue.buffering.max.kbytes": 8 * 1024}
_CONFIG = {"enable.idempotence": False, "acks": "1", "linger.ms": 50, "message.timeout.ms": 10_000, **_BUFFER}


def send(topic: str, key: str, value: bytes) -> None:
    """Leave a message with librdkafka. Never waits and never raises; what is dropped or lost is counted."""
    if not settings.KAFKA_BOOTSTRAP_SERVERS:
        _count(topic, "dropped")
        return
    _sender(os.getpid(), settings.KAFKA_BOOTSTRAP_SERVERS).send(topic, key, value)


def close() -> None:
    """Send what is buffered, for a second at most, and forget this process's producer."""
    if _sender.cache_info().currsize:
        _sender(os.getpid(), settings.KAFKA_BOOTSTRAP_SERVERS).producer.flush(_FLUSH_SECONDS)
        _sender.cache_clear()


class _Sender:
    def __init__(self, producer: Producer) -> None:
        self.producer = producer
        self._polled_at = 0.0

    def send(self, topic: str, key: str, value: bytes) -> None:
        try:
            self.producer.produce(topic, value, key, on_delivery=_on_delivery)
        except (BufferError, KafkaException):  # Kafka is away, or the message is too large
            _count(topic, "dropped")
        # Each poll hands the interpreter to another thread: now and then is enough for what it counts.
        now = time.monotonic()
        if now - self._polled_at >= _POLL_SECONDS:
            self._polled_at = now
            self.producer.poll(0)


@lru_cache(maxsize=1)
def _sender(_pid: int, _bootstrap_servers: str) -> _Sender:
    made = _Sender(Producer(producer_config() | _CONFIG))
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
