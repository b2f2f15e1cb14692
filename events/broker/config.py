"""How SDR talks to Kafka."""

import time
from typing import Any

import structlog
from confluent_kafka import KafkaError
from django.conf import settings

log = structlog.get_logger(__name__)
_REPEAT_SECONDS = 10.0


def common_config() -> dict[str, Any]:
    """Return what every client needs."""
    return {
        "bootstrap.servers": settings.KAFKA_BOOTSTRAP_SERVERS,
        "client.id": "sdr",
        "reconnect.backoff.max.ms": 1000,  # a broker that is back is not waited for any longer
        "error_cb": _log_error,
        "log_level": 2,  # errors come to the callback
    }


def producer_config() -> dict[str, Any]:
    return common_config() | {
        "enable.idempotence": True,
        "acks": "all",
        "linger.ms": 2,
        "compression.type": "lz4",
        "queue.buffering.max.messages": 100_000,
        "queue.buffering.max.kbytes": 64 * 1024,
        "message.timeout.ms": 30_000,
    }


def consumer_config(group: str) -> dict[str, Any]:
    # An empty fetch of the embedded broker sleeps its whole waiting time.
    fetch_wait_ms = 5 if settings.KAFKA_INCARNATION is not None else 50
    return common_config() | {
        "group.id": group,
        "enable.auto.commit": False,  # offsets live with the state they describe
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",  # never jump silently
        "fetch.wait.max.ms": fetch_wait_ms,
        "session.timeout.ms": settings.KAFKA_SESSION_TIMEOUT_MS,
        "heartbeat.interval.ms": settings.KAFKA_SESSION_TIMEOUT_MS // 4,
        "topic.metadata.refresh.interval.ms": 10_000,
        "partition.assignment.strategy": "range",
    }


# When each kind of error was logged last: while a broker is away, each client says so many times a second.
_logged_at: dict[str, float] = {}


def _log_error(error: KafkaError) -> None:
    # librdkafka reconnects by itself; a broker that is away would otherwise be invisible.
    now = time.monotonic()
    if error.fatal() or now - _logged_at.get(error.name(), float("-inf")) >= _REPEAT_SECONDS:
        _logged_at[error.name()] = now
        log.warning("kafka", error=error.str(), fatal=error.fatal())
