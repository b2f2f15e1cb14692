"""The lists of what follows what, as they are kept and as they are read: in one round trip, in time or not at all.

A list is one string of rows (score as float64, product id as int64, count as int32, all little-endian), so that Redis
hands it over as it lies, no reader loops over it, and one more step writes twenty bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import redis
from numpy.typing import NDArray

from events.live.sequences import keys
from events.live.sequences.kinds import Following
from sdr.exceptions import Unavailable
from sdr.quick_redis import Script, quick_redis

LISTS = Script((Path(__file__).parent / "lists.lua").read_text())
_ROW = np.dtype([("score", "<f8"), ("product_id", "<i8"), ("count", "<i4")])


@dataclass(frozen=True, slots=True)
class FollowingList:
    """What follows one product, in no order; all of shape ``(n,)``, n at most 50.

    ``scores`` are in the log domain: at ``now`` one weighs ``exp(score - rate * now)``, rate being
    ``parameters.decay_rate(settings.SEQUENCE_HALF_LIFE_DAYS)``. ``counts``: in how many steps it was learned.
    """

    product_ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    counts: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.product_ids)


def unpack(packed: bytes) -> FollowingList:
    """Return the list in ``packed``, as arrays of their own."""
    rows = np.frombuffer(packed, _ROW)
    return FollowingList(
        scores=rows["score"].copy(), product_ids=rows["product_id"].copy(), counts=rows["count"].copy()
    )


def pack(listed: FollowingList) -> bytes:
    """Return the list as it is kept."""
    rows = np.empty(len(listed), _ROW)
    rows["score"], rows["product_id"], rows["count"] = listed.scores, listed.product_ids, listed.counts
    return rows.tobytes()


NOTHING_FOLLOWS = unpack(b"")


def read_lists(
    tenant: str, wanted: Sequence[tuple[Following, int]], *, timeout_seconds: float = 0.02
) -> dict[tuple[Following, int], FollowingList]:
    """Return the list of each kind and product wanted, ``NOTHING_FOLLOWS`` where there is none; all in one round trip.

    Raises Unavailable, at the latest after ``timeout_seconds``; and for a moment after that at once.
    """
    if not wanted:
        return {}
    try:
        packed = quick_redis().run(LISTS, *asking(tenant, wanted), timeout_seconds=timeout_seconds)
    except redis.RedisError as error:
        raise Unavailable(f"Redis: {error}") from error
    return answered(packed, wanted)


def asking(tenant: str, wanted: Sequence[tuple[Following, int]]) -> tuple[list[str], list[Any]]:
    """Return the keys and the arguments of ``LISTS``."""
    names = [keys.name_of_list(kind, product_id) for kind, product_id in wanted]
    return [keys.generation(tenant)], [keys.space(tenant), *names]


def answered(packed: bytes, wanted: Sequence[tuple[Following, int]]) -> dict[tuple[Following, int], FollowingList]:
    """Return what ``LISTS`` returned."""
    found: list[bytes | bool] = msgpack.unpackb(packed, raw=True)
    return {
        place: unpack(own) if isinstance(own, bytes) else NOTHING_FOLLOWS
        for place, own in zip(wanted, found, strict=True)
    }
