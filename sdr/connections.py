"""Redis clients, made on first use and once per process: a connection must not cross a fork."""

import os
from functools import lru_cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry


def redis_client() -> redis.Redis:
    """Return this process's client; it answers bytes, and raises ``redis.RedisError`` within the time-out."""
    return _redis_client(os.getpid(), settings.REDIS_URL)


@lru_cache(maxsize=4)
def _redis_client(_pid: int, url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_timeout=settings.REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),  # callers know best whether a call may be repeated
        health_check_interval=30,
    )
