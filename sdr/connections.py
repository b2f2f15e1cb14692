"""Redis clients, made on first use and once per process (a connection must not cross a fork), and Postgres' limits."""

import os
from functools import lru_cache

import redis
from django.conf import settings
from django.db import close_old_connections, connections
from redis.backoff import NoBackoff
from redis.retry import Retry


def redis_client() -> redis.Redis:
    """Return this process's client; it answers bytes, and raises ``redis.RedisError`` within the time-out."""
    return _redis_client(os.getpid(), settings.REDIS_URL)


def limit_statements() -> None:
    """Have Postgres cancel this process's statements that take too long: for servers, before their first connection.

    Commands and tasks may take as long as they do.
    """
    if settings.DATABASE_STATEMENT_TIMEOUT_MS:
        options = connections.settings["default"].setdefault("OPTIONS", {})
        own = f"-c statement_timeout={settings.DATABASE_STATEMENT_TIMEOUT_MS}"
        options["options"] = f"{options.get('options', '')} {own}".strip()


def renew_postgres() -> None:
    """Let go of a connection that is too old or broken, as Django does before each request that it hears of.

    For what quick reads ask (see :mod:`sdr.quick`). A transaction keeps its connection.
    """
    if not connections["default"].in_atomic_block:
        close_old_connections()


@lru_cache(maxsize=4)
def _redis_client(_pid: int, url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_timeout=settings.REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),  # callers know best whether a call may be repeated
        health_check_interval=30,
    )
