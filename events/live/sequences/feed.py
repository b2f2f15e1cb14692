"""Following which lists changed, by the rules of :mod:`events.live.feed`: whoever may have missed something is told."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from events.live.feed import START
from events.live.redis import redis_errors
from events.live.sequences import keys
from sdr.connections import redis_client

_COLUMNS = 2


@dataclass(frozen=True, slots=True)
class ChangedLists:
    """Which lists changed, up to ``position``: kinds' numbers and product ids, both ``(n,)``; some perhaps twice.

    ``is_everything``: that cannot be told, so any list may have; then both are empty.
    """

    position: bytes
    kind_numbers: NDArray[np.int64]
    product_ids: NDArray[np.int64]
    is_everything: bool = False


def unpack(packed: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return kinds' numbers and product ids."""
    pairs = np.frombuffer(packed, "<i8").reshape(-1, _COLUMNS)
    return pairs[:, 0], pairs[:, 1]


def changed_lists(tenant: str, since: bytes | None) -> ChangedLists:
    """Return which lists changed after ``since``, a position told before; None: begin to follow.

    Read a list only after having asked this, and it is never older than its position. Raises Unavailable.
    """
    key = keys.feed(tenant)
    with redis_errors():
        if since is not None:
            # The entry followed last comes again, as the proof that nothing between was trimmed away.
            entries: Any = redis_client().xrange(key, min=since)
            if entries and entries[0][0] == since:
                packed = b"".join(values[b"v"] for _, values in entries[1:])
                return ChangedLists(entries[-1][0], *unpack(packed))
            if since == START and not entries:
                return ChangedLists(START, *unpack(b""))
        last: Any = redis_client().xrevrange(key, count=1)
    return ChangedLists(last[0][0] if last else START, *unpack(b""), is_everything=True)
