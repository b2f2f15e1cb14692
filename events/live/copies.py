"""The copies of preferences in Redis: written in an order that Redis itself checks."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgpack

from events.live import keys
from events.live.redis import redis_errors
from sdr.connections import redis_client

_COPIES = (Path(__file__).parent / "copies.lua").read_text()
_SCAN_COUNT = 1000


def write(tenant: str, copies: Mapping[str, bytes], *, expect: str, after: str) -> bool:
    """Write the copies (``u:<user id>`` → JSON, empty: none) if the tenant's mark reads ``expect``; leave ``after``.

    The mark ("0" where there is none) changes with every write, so a Redis that was restored is found out, and a call
    that was given up as lost does nothing when it arrives after all. Raises Unavailable.
    """
    flat = [part for pair in copies.items() for part in pair]
    with redis_errors():
        script = redis_client().register_script(_COPIES)
        packed = msgpack.packb(flat, use_bin_type=False)
        args = [expect, after, keys.prefix(tenant) + keys.PREFERENCES, packed]
        return bool(script(keys=[keys.preferences_mark(tenant)], args=args))


def begin_anew(tenant: str, mark: str) -> None:
    """Set the mark, whatever it was."""
    with redis_errors():
        redis_client().set(keys.preferences_mark(tenant), mark)


def copied(tenant: str) -> Iterator[list[str]]:
    """Yield, some at a time, the shoppers who have a copy."""
    start = keys.prefix(tenant) + keys.PREFERENCES
    cursor: int = 0
    pattern = "".join(f"\\{c}" if c in "*?[]\\" else c for c in start) + "*"
    while True:
        with redis_errors():
            step: Any = redis_client().scan(cursor, match=pattern, count=_SCAN_COUNT)
        cursor, found = step
        yield [key.decode().removeprefix(start) for key in found]
        if not cursor:
            return
