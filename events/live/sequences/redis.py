"""What follows what, in Redis: one script call per tenant and batch."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
from django.conf import settings

from events.live.base import Batch, Moved
from events.live.parameters import milliseconds_kept
from events.live.redis import EXACTLY_ONCE, RedisState, once_columns, packed_call, redis_errors
from events.live.sequences import keys, parameters
from events.live.sequences.base import StepEvent, fades
from events.live.sequences.kinds import Following
from events.live.sequences.lists import FollowingList, unpack
from events.live.sequences.sessions import PURCHASE, Met
from sdr import clock
from sdr.connections import redis_client

_LEARN = EXACTLY_ONCE + (Path(__file__).parent / "learn.lua").read_text()
_FORGET = (Path(__file__).parent / "forget.lua").read_text()


class RedisSequences(RedisState[StepEvent]):
    """See :class:`events.live.sequences.base.SequenceState`; keys are in :mod:`events.live.sequences.keys`."""

    _keys, _script = keys, _LEARN

    def _packed(self, batch: Batch[StepEvent]) -> bytes:
        return _encode(batch, self._generation)

    def forget(self, tenant: str, shopper: str, until_seconds: float) -> Moved:
        until = "+inf" if math.isinf(until_seconds) else milliseconds_kept(until_seconds)
        args = [keys.space(tenant), keys.NAMES["session"], shopper, until, *self._own_generation()]
        with redis_errors():
            script = redis_client().register_script(_FORGET)
            return Moved(int(script(keys=[keys.generation(tenant), keys.rebuilding(tenant)], args=args)), 0)

    def merge(self, tenant: str, from_shopper: str, to_shopper: str, until_seconds: float) -> Moved:
        return Moved(0, 0)

    def session(self, tenant: str, shopper: str) -> list[Met]:
        packed = self._get(tenant, lambda generation: keys.session(tenant, shopper, generation))
        flat = msgpack.unpackb(packed) if packed else []
        return [Met(*flat[i : i + 3]) for i in range(0, len(flat), 3)]

    def following(self, tenant: str, kind: Following, product_id: int) -> FollowingList:
        return unpack(self._get(tenant, lambda generation: keys.following(tenant, kind, product_id, generation)))

    def _get(self, tenant: str, key_in: Callable[[str], str]) -> bytes:
        with redis_errors():
            (generation,) = self._generations([tenant])
            found: Any = redis_client().get(key_in(generation))
        return found or b""


def _encode(batch: Batch[StepEvent], generation: str | None) -> bytes:
    events = batch.events
    rate = parameters.decay_rate(settings.SEQUENCE_HALF_LIFE_DAYS)
    as_of_seconds, faded = fades(batch, rate)
    places: dict[str, int] = {}
    return packed_call(
        once_columns(batch, generation)
        | _fixed()
        | {
            "space": keys.space(batch.tenant),
            "as_of": as_of_seconds,
            "rate": rate,
            "session_ttl": _session_ttl(batch.as_of_seconds),
            "session": [places.setdefault(event.session, len(places) + 1) for event in events],
            "sessions": list(places),
            "product": [event.product_id for event in events],
            "kind": [event.kind_number for event in events],
            "at": [event.at_ms for event in events],
            "weight": [event.weight for event in events],
            "fade": faded,
        }
    )


def _fixed() -> dict[str, Any]:
    return {
        "names": keys.NAMES,
        "feed_ms": parameters.FEED_MS,
        "feed_entries": parameters.FEED_ENTRIES,
        "purchase": PURCHASE,
        **{kind.value: kind.number for kind in Following},
        "lists": [keys.LISTS[kind] for kind in Following],
        "near": [parameters.weight_at(distance) for distance in range(1, parameters.MAX_DISTANCE + 1)],
        "backward": parameters.BACKWARD,
        "silence": parameters.SILENCE_MS,
        "robot": parameters.ROBOT_MS,
        "max_steps": parameters.MAX_STEPS,
        "max_listed": parameters.MAX_LISTED,
    }


def _session_ttl(as_of_seconds: float) -> int:
    is_history = clock.now_seconds() - as_of_seconds > parameters.SESSION_TTL_SECONDS
    return parameters.HISTORY_TTL_SECONDS if is_history else parameters.SESSION_TTL_SECONDS
