"""Where leases come from: Redis, or this process alone while Redis is away."""

import hashlib
import os
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError
from redis.retry import Retry

from sdr import metrics
from sdr.ratelimits.lease import Bucket, Settlement

log = structlog.get_logger(__name__)

SCRIPT = (Path(__file__).parent / "bucket.lua").read_text()
_SHA = hashlib.sha1(SCRIPT.encode()).hexdigest()  # noqa: S324  Redis' own name for it
# Shorter than a lease and a credit last: a Redis that hangs must not cost a caller within its limits an answer.
TIMEOUT_SECONDS = 0.15
RETRY_SECONDS = 2.0

Due = Sequence[tuple[str, float, Settlement]]
"""Caller, calls a second, what is to be settled."""
Answers = list[tuple[float, float]]
"""Calls granted, and what is left in the bucket."""


class Settling:
    """Settles with Redis; fails open: without it, each process gives every caller its whole rate."""

    def __init__(self) -> None:
        self._alone_until = float("-inf")
        self._own: dict[str, Bucket] = {}

    def settle(self, due: Due) -> Answers:
        now = time.monotonic()
        if now >= self._alone_until:
            try:
                answers = _ask_redis(due)
            except redis.RedisError as error:
                self._go_alone(error, now)
            else:
                self._own.clear()
                metrics.RATE_LIMIT_SETTLEMENTS.labels("redis").inc()
                return answers
        metrics.RATE_LIMIT_SETTLEMENTS.labels("alone").inc()
        return self._give_out(due, now)

    def _go_alone(self, error: Exception, now: float) -> None:
        if not self._own:
            log.warning("rate limits are counted per process: Redis does not answer", reason=str(error))
        self._alone_until = now + RETRY_SECONDS

    def _give_out(self, due: Due, now: float) -> Answers:
        kept = {name: self._own.get(name) or Bucket(rate, now, rate) for name, rate, _ in due}
        self._own = kept
        return [kept[name].settle(settlement, now) for name, _, settlement in due]


def _ask_redis(due: Due) -> Answers:
    client = _redis(os.getpid(), settings.REDIS_URL)
    try:
        return _run(client, due)
    except NoScriptError:  # Redis is new, and so has done none of it
        client.script_load(SCRIPT)
        return _run(client, due)


def _run(client: redis.Redis, due: Due) -> Answers:
    # EVALSHA itself: redis-py's Script would ask each time whether Redis still has it.
    with client.pipeline(transaction=False) as pipeline:
        for name, rate, settlement in due:
            pipeline.evalsha(_SHA, 1, f"sdr:rate:{name}", rate, settlement.debt, settlement.wanted)
        return [(float(granted), float(left)) for granted, left in pipeline.execute()]


@lru_cache(maxsize=4)
def _redis(_pid: int, url: str) -> redis.Redis:
    timeout = TIMEOUT_SECONDS
    return redis.Redis.from_url(
        url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 0)
    )
