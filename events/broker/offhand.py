"""Messages that nobody waits for and that may be lost: apart from the events, whose buffer they must never fill."""

import os
from functools import lru_cache
from multiprocessing.util import Finalize

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer
from django.conf import settings

from events.broker.config import producer_config
from sdr import metrics

log = structlog.get_logger(__name__)

_FLUSH_SECONDS = 1.0
# A minute of a broker's outage at 150 a second; what comes on top is dropped.
_BUFFER = {"queue.buffering.max.messages": 10_000, "queue.buffering.max.kbytes": 8 * 1024}
_CONFIG = {"enable.idempotence": False, "acks": "1", "linger.ms": 50, "message.timeout.ms": 10_000, **_BUFFER}


def send(topic: str, key: str, value: bytes) -> None:
    """Leave a message with librdkafka. Never waits and never raises; what is dropped or lost is counted."""
    if not settings.KAFKA_BOOTSTRAP_SERVERS:
        _count(topic, "dropped")
        return
    producer = _producer(os.getpid(), settings.KAFKA_BOOTSTRAP_SERVERS)
    try:
        producer.produce(topic, value, key, on_delivery=_on_delivery)
    except (BufferError, KafkaException):  # Kafka is away, or the message is too large
        _count(topic, "dropped")
    producer.poll(0)  # runs the callbacks of what was delivered meanwhile


def close() -> None:
    """Send what is buffered, for a second at most, and forget this process's producer."""
    if _producer.cache_info().currsize:
        _producer(os.getpid(), settings.KAFKA_BOOTSTRAP_SERVERS).flush(_FLUSH_SECONDS)
        _producer.cache_clear()


@lru_cache(maxsize=1)
def _producer(_pid: int, _bootstrap_servers: str) -> Producer:
    made = Producer(producer_config() | _CONFIG)
    # granian's workers end without atexit; multiprocessing's finalizers do run.
    Finalize(None, close, exitpriority=10)
    return made


def _on_delivery(error: KafkaError | None, message: Message) -> None:
    _count(message.topic() or "", "sent" if error is None else "lost")


def _count(topic: str, result: str) -> None:
    metrics.OFFHAND_MESSAGES.labels(topic=topic, result=result).inc()
