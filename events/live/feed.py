"""Following the change feed of some tenants, by the rules that lose nothing.

A follower resumes only if the entry it applied last is still in the feed; else it takes a snapshot: the feed's
position first, then the values, then the entries after that position. Values are absolute, so what it meets twice
does no harm.
"""

import time
from collections.abc import Collection
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

    @property
    def at_seconds(self) -> float:
        """When the newest of it was written, by Redis' clock: positions begin with their time in milliseconds."""
        return int(self.position.partition(b"-")[0]) / 1000


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

    def wait(self, tenants: Collection[str], timeout_seconds: float, gather_seconds: float = 0.0) -> set[str]:
        """Return which of the tenants were changed: at the first wake-up, or after ``timeout_seconds`` none.

        Wake-ups come one per call to the state; those of the next ``gather_seconds`` are taken together with the first.
        """
        with redis_errors():
            wake_ups, named = self._subscribed({keys.wake_up(tenant).encode(): tenant for tenant in tenants})
            woken: set[bytes] = set()
            message = wake_ups.get_message(timeout=timeout_seconds) if named else None
            until = time.monotonic() + gather_seconds
            while message is not None:
                woken.add(message["channel"])
                message = wake_ups.get_message(timeout=max(until - time.monotonic(), 0.0))
            return {tenant for channel, tenant in named.items() if channel in woken}

    def _subscribed(self, named: dict[bytes, str]) -> "tuple[PubSub, dict[bytes, str]]":
        if self._wake_ups is None:
            self._wake_ups = redis_client().pubsub(ignore_subscribe_messages=True)
        if missing := named.keys() - set(self._wake_ups.channels):
            self._wake_ups.subscribe(*missing)
        if others := set(self._wake_ups.channels) - named.keys():
            self._wake_ups.unsubscribe(*others)
        return self._wake_ups, named

    def close(self) -> None:
        if self._wake_ups is not None:
            self._wake_ups.close()
            self._wake_ups = None
