"""Which keys are open, left in Redis for processes that start without Postgres.

It only ever closes: a key of the copy on disk (see :mod:`sdr.accounts.key_copy`) that was revoked while no process of
that machine ran is not among them. Who can write to Redis can open no door with it.
"""

import msgspec
import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

log = structlog.get_logger(__name__)

KEY = "sdr:access:open"
# The thread that tells looks for revoked keys, too, and a starting process has a caller waiting.
TIMEOUT_SECONDS = 0.15


class Open(msgspec.Struct):
    """``database``: whose keys; ``confirmed_at``: when Postgres last said so (seconds, epoch)."""

    database: str
    confirmed_at: float
    digests: frozenset[str]


def tell(told: Open, *, keep_seconds: float) -> None:
    """Leave it in Redis; while Redis is away, what was left before stays."""
    try:
        with _client() as client:
            client.set(KEY, msgspec.msgpack.encode(told), ex=int(keep_seconds))
    except redis.RedisError as error:
        log.debug("open keys not told to Redis", reason=str(error))


def told() -> Open | None:
    """Return what was left last; None if nothing was, or nobody answers."""
    try:
        with _client() as client:
            found = client.get(KEY)
        return msgspec.msgpack.decode(found, type=Open) if isinstance(found, bytes) else None
    except (redis.RedisError, msgspec.DecodeError) as error:  # of another version, too
        log.warning("open keys not told by Redis", reason=str(error))
        return None


def _client() -> redis.Redis:
    timeout = TIMEOUT_SECONDS
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 0)
    )
