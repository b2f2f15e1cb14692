"""How the platform asks after the servers it stands on. Every client is made on first use, never before a fork."""

import os
from functools import lru_cache

from confluent_kafka.admin import AdminClient
from django.conf import settings
from django.db import connection

from sdr import clock
from sdr.connections import redis_client
from sdr.dependencies import register_dependency

KAFKA_TIMEOUT_SECONDS = 0.9
# A worker's sign of life, kept in Redis because its queue is there: the one is of no use without the other.
WORKER_SIGN = "sdr:celery:alive"
WORKER_SIGN_SECONDS = 20


def register_servers() -> None:
    register_dependency("postgres", check_postgres)
    register_dependency("redis", check_redis)
    register_dependency("kafka", check_kafka)
    register_dependency("celery", check_celery)


def check_postgres() -> str | None:
    # Closed each time: a check runs in a thread of its own, which would keep a connection that nobody else uses.
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()
    return None


def check_redis() -> str | None:
    redis_client().ping()
    return None


def check_kafka() -> str | None:
    if not settings.KAFKA_BOOTSTRAP_SERVERS:
        return "no server is named: set KAFKA_BOOTSTRAP_SERVERS"
    _kafka_admin(os.getpid(), settings.KAFKA_BOOTSTRAP_SERVERS).list_topics(timeout=KAFKA_TIMEOUT_SECONDS)
    return None


def check_celery() -> str | None:
    return None if redis_client().exists(WORKER_SIGN) else "no worker has given a sign of life"


def worker_beats() -> None:
    """Leave the sign of life that :func:`check_celery` looks for; Celery calls this every few seconds."""
    redis_client().set(WORKER_SIGN, clock.now_seconds(), ex=WORKER_SIGN_SECONDS)


@lru_cache(maxsize=4)
def _kafka_admin(_pid: int, bootstrap_servers: str) -> AdminClient:
    # The library would write each failed attempt to stderr; the answer says it once.
    return AdminClient({"bootstrap.servers": bootstrap_servers, "socket.timeout.ms": 1000, "log_level": 0})
