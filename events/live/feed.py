"""Following the change feed of some tenants, by the rules that lose nothing.

A follower resumes only if the entry it applied last is still in the feed; else it takes a snapshot: the feed's
position first, then the values, then the entries after that position. Values are absolute, so what it meets twice
does no harm.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from events.live import keys
from events.live.changes import Changes, unpack
from events.live.redis import RedisLiveState, redis_errors
from sdr.connections import redis_client

if TYPE_CHECKING:
    from redis.client import PubSub

# Before the first entry of a feed.
START = b"0-0"


@dataclass(frozen=True, slots=True)
class News:
    """What a follower learns: ``changes``, up to ``position``. ``is_snapshot``: all there is, not what is new."""

    position: bytes
    changes: Changes
    is_snapshot: bool


class RedisFeed:
    """One process's view of the feeds. Methods raise Unavailable when Redis cannot be reached."""

    def __init__(self) -> None:
        self._wake_ups: PubSub | None = None

    def news(self, tenant: str, since: bytes | None) -> News:
        """Return what changed after ``since``; everything there is where that cannot be told, or ``since`` is None."""
        with redis_errors():
            if since is None:
                return self._snapshot(tenant)
            key = keys.feed(tenant)
            # The entry applied last comes again, as the proof that nothing between was trimmed away.
            entries: Any = redis_client().xrange(key, min=since)
            if not entries or entries[0][0] != since:
                return self._snapshot(tenant) if since != START or entries else News(since, unpack(b""), False)
            packed = b"".join(values[b"v"] for _, values in entries[1:])
            return News(entries[-1][0], unpack(packed), is_snapshot=False)

    def _snapshot(self, tenant: str) -> News:
        last: Any = redis_client().xrevrange(keys.feed(tenant), count=1)
        position = last[0][0] if last else START
        return News(position, RedisLiveState().products(tenant), is_snapshot=True)

    def wait(self, tenants: list[str], timeout_seconds: float) -> None:
        """Return at a wake-up of one of the tenants, or after ``timeout_seconds``."""
        with redis_errors():
            if self._wake_ups is None:
                self._wake_ups = redis_client().pubsub(ignore_subscribe_messages=True)
            missing = {keys.wake_up(tenant).encode() for tenant in tenants} - set(self._wake_ups.channels)
            if missing:
                self._wake_ups.subscribe(*missing)
            self._wake_ups.get_message(timeout=timeout_seconds)

    def close(self) -> None:
        if self._wake_ups is not None:
            self._wake_ups.close()
            self._wake_ups = None
