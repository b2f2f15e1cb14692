"""Redis for who cannot wait: one script within a budget of milliseconds, or an error when it is spent.

A thread of its own makes the connections, so that no name server, handshake or lost packet can cost a caller more
than its budget. A connection whose answer did not come in time is closed: a late answer would be taken for the next.
"""

import hashlib
import os
import queue
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.connection import AbstractConnection, Connection, parse_url
from redis.retry import Retry

from sdr import patience
from sdr.breaker import Breaker

log = structlog.get_logger(__name__)

# Nobody waits for it: who needs the connection has its own budget.
_CONNECT_SECONDS = 1.0


class Script:
    """A Lua script that only reads: it may be tried twice."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()


def in_one(first: Script, second: Script) -> Script:
    """Return a script that runs both in one round trip and returns both answers.

    KEYS: those of the first, then those of the second. ARGV: how many keys and how many arguments the first has, then
    its arguments, then those of the second.
    """
    return Script(
        f"local function first(KEYS, ARGV)\n{first.source}\nend\n"
        f"local function second(KEYS, ARGV)\n{second.source}\nend\n"
        "local n_keys, n_args = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
        "local own_keys, own_args = {unpack(KEYS, 1, n_keys)}, {unpack(ARGV, 3, 2 + n_args)}\n"
        "return {first(own_keys, own_args), second({unpack(KEYS, n_keys + 1)}, {unpack(ARGV, 3 + n_args)})}\n"
    )


class QuickRedis:
    """One process's connections to the Redis at ``url``."""

    def __init__(self, url: str) -> None:
        self._options: dict[str, Any] = dict(parse_url(url))
        self._class: type[AbstractConnection] = self._options.pop("connection_class", Connection)
        # Or why there is none, for who waits for one: it may be refused long before the time is over.
        self._idle: queue.LifoQueue[AbstractConnection | redis.RedisError] = queue.LifoQueue()
        self._connector = ThreadPoolExecutor(1, thread_name_prefix="redis-connector")
        self._breaker = Breaker()

    def run(self, script: Script, keys: Sequence[str], args: Sequence[Any], *, timeout_seconds: float) -> Any:
        """Return what the script returns; raises redis.RedisError, after ``timeout_seconds`` at the latest."""
        patience.about_to_wait()
        deadline = time.monotonic() + timeout_seconds
        if not self._breaker.lets_pass():
            raise redis.ConnectionError("it did not answer a moment ago")
        try:
            answer = self._run(script, [len(keys), *keys, *args], deadline)
        except (redis.ConnectionError, redis.TimeoutError):
            self._breaker.failed()
            raise
        except redis.ResponseError:
            self._breaker.succeeded()  # a quick no is an answer
            raise
        self._breaker.succeeded()
        return answer

    def _run(self, script: Script, args: list[Any], deadline: float) -> Any:
        try:
            return self._ask(["EVALSHA", script.sha, *args], deadline)
        except redis.exceptions.NoScriptError:
            return self._ask(["EVAL", script.source, *args], deadline)

    def _ask(self, command: list[Any], deadline: float) -> Any:
        try:
            return self._ask_once(command, deadline)
        except redis.TimeoutError:
            raise
        except redis.ConnectionError:
            # As after a restart of Redis: then the other connections are no better.
            self._forget_idle()
            return self._ask_once(command, deadline)

    def _ask_once(self, command: list[Any], deadline: float) -> Any:
        connection = self._take(deadline)
        try:
            connection.send_command(*command)
            answer = connection.read_response(timeout=max(deadline - time.monotonic(), 1e-4))
        except redis.ResponseError:
            self._idle.put(connection)
            raise
        except BaseException:
            connection.disconnect()
            raise
        self._idle.put(connection)
        return answer

    def _take(self, deadline: float) -> AbstractConnection:
        for found in self._idle_ones():
            if isinstance(found, AbstractConnection):
                return found
        self._connector.submit(self._connect)
        try:
            found = self._idle.get(timeout=max(deadline - time.monotonic(), 1e-4))
        except queue.Empty:
            raise redis.TimeoutError("no connection in time") from None
        if isinstance(found, redis.RedisError):
            raise found
        return found

    def _connect(self) -> None:
        connection = self._class(
            **self._options,
            protocol=2,
            socket_timeout=_CONNECT_SECONDS,
            socket_connect_timeout=_CONNECT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        try:
            connection.connect()
        except redis.RedisError as error:
            log.warning("no connection to Redis", error=str(error))
            self._idle.put(error)
        else:
            self._idle.put(connection)

    def _forget_idle(self) -> None:
        for found in self._idle_ones():
            if isinstance(found, AbstractConnection):
                found.disconnect()

    def _idle_ones(self) -> Iterator[AbstractConnection | redis.RedisError]:
        while True:
            try:
                yield self._idle.get_nowait()
            except queue.Empty:
                return


def quick_redis() -> QuickRedis:
    """Return this process's own."""
    return _quick_redis(os.getpid(), settings.REDIS_URL)


@lru_cache(maxsize=4)
def _quick_redis(_pid: int, url: str) -> QuickRedis:
    return QuickRedis(url)
