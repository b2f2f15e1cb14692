"""The live state in Redis: one script call per tenant and batch."""

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, Protocol

import msgpack
import redis

from events.live import keys, parameters
from events.live.base import NO_OFFSET, Applied, Batch, E, LiveEvent, Moved, Rejected, Shopper, WentBack
from events.live.changes import Changes, unpack
from events.live.script_pipe import ScriptPipe
from sdr.connections import redis_client
from sdr.exceptions import Unavailable

EXACTLY_ONCE = (Path(__file__).parent / "exactly_once.lua").read_text()
_APPLY = EXACTLY_ONCE + (Path(__file__).parent / "apply.lua").read_text()
_SNAPSHOT = (Path(__file__).parent / "snapshot.lua").read_text()
_SHOPPER = (Path(__file__).parent / "shopper.lua").read_text()
_FORGET = (Path(__file__).parent / "forget.lua").read_text()
_MERGE = (Path(__file__).parent / "merge.lua").read_text()
_SNAPSHOT_STEP = 2000


@contextmanager
def redis_errors() -> Iterator[None]:
    """Tell what may pass by itself (Unavailable) from what never will (Rejected)."""
    try:
        yield
    except redis.ResponseError as error:
        if _is_final(error):
            raise Rejected(str(error)) from error
        raise Unavailable(f"Redis: {error}") from error
    except redis.RedisError as error:
        raise Unavailable(f"Redis: {error}") from error


def _is_final(error: redis.ResponseError) -> bool:
    """Return whether what was sent is at fault. The server's own states pass, also where a script met them."""
    text = str(error)
    is_state = isinstance(error, redis.exceptions.OutOfMemoryError | redis.exceptions.ReadOnlyError) or text.startswith(
        ("OOM", "NOREPLICAS", "MISCONF", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "BUSY", "LOADING", "TRYAGAIN")
    )
    return not is_state and ("WRONGTYPE" in text or "user_script" in text)


class Spelling(Protocol):
    """How the keys of a state with generations are spelled."""

    def space(self, tenant: str) -> str:
        """Return what all keys begin with, before the generation."""
        ...

    def of_no_generation(self, tenant: str, key: str) -> bool:
        """Return whether a rebuild leaves the key as it is."""
        ...

    def generation(self, tenant: str) -> str:
        """Return where it stands which generation is in force."""
        ...

    def rebuilding(self, tenant: str) -> str:
        """Return where it stands which generation is being built."""
        ...

    def feed(self, tenant: str) -> str:
        """Return where it stands what changed."""
        ...

    def offsets(self, tenant: str, in_generation: str = "") -> str:
        """Return where it stands how far each log is in the state."""
        ...


class RedisState(ABC, Generic[E]):
    """What states in Redis have in common: offsets, and generations.

    ``generation``: of a state that is being rebuilt; None follows whichever is in force.
    """

    _keys: Spelling
    _script: str

    def __init__(self, generation: str | None = None) -> None:
        self._generation = generation
        self._pipe = ScriptPipe(self._script)
        # The tenants of the batches that are under way.
        self._sent: deque[str] = deque()

    def offsets(self, tenants: Iterable[str], logs: Iterable[str]) -> Mapping[tuple[str, str], int]:
        tenants, logs = list(tenants), list(logs)
        if not tenants or not logs:
            return {}
        with redis_errors():
            generations = self._generations(tenants)
            pipe = redis_client().pipeline(transaction=False)
            for tenant, generation in zip(tenants, generations, strict=True):
                pipe.hmget(self._keys.offsets(tenant, generation), logs)
            stored = pipe.execute()
        return {
            (tenant, log): NO_OFFSET if value is None else int(value)
            for tenant, values in zip(tenants, stored, strict=True)
            for log, value in zip(logs, values, strict=True)
        }

    def apply(self, batch: Batch[E]) -> Applied:
        self.send(batch)
        return self.result()

    def send(self, batch: Batch[E]) -> None:
        tenant, packed = batch.tenant, self._packed(batch)
        with redis_errors():
            self._pipe.send([self._keys.generation(tenant), self._keys.feed(tenant)], packed)
        self._sent.append(tenant)

    def result(self) -> Applied:
        tenant = self._sent.popleft()
        with redis_errors():
            took, *numbers = self._pipe.reply()
        if not took:
            raise WentBack(tenant)
        n_applied, n_duplicates, n_skipped, microseconds = numbers
        return Applied(n_applied, n_duplicates, n_skipped, microseconds / 1e6)

    def drop(self) -> None:
        self._sent.clear()
        self._pipe.drop()

    @abstractmethod
    def _packed(self, batch: Batch[E]) -> bytes:
        """Return the batch as the script takes it."""

    def _own_generation(self) -> list[str]:
        """Return what a script is told: nothing, for it to take the one in force."""
        return [] if self._generation is None else [self._generation]

    def _generations(self, tenants: list[str]) -> list[str]:
        if self._generation is not None:
            return [self._generation] * len(tenants)
        pipe = redis_client().pipeline(transaction=False)
        for tenant in tenants:
            pipe.get(self._keys.generation(tenant))
        return [(found or b"").decode() for found in pipe.execute()]


class RedisLiveState(RedisState[LiveEvent]):
    """See :class:`events.live.base.LiveState`; keys are in :mod:`events.live.keys`."""

    _keys, _script = keys, _APPLY

    def _packed(self, batch: Batch[LiveEvent]) -> bytes:
        return _encode(batch, self._generation)

    def shopper(self, tenant: str, shopper: str) -> Shopper:
        args = [*_lists(tenant), keys.PREFERENCES, shopper]
        with redis_errors():
            script = redis_client().register_script(_SHOPPER)
            ((recent, marks, _preferences),) = msgpack.unpackb(script(keys=[keys.generation(tenant)], args=args))
        return Shopper(
            recent=[(int(product), parameters.seconds_kept(at)) for product, at in _pairs(recent)],
            marks={mark: parameters.seconds_kept(at) for mark, at in _pairs(marks)},
        )

    def forget(self, tenant: str, shopper: str, until_seconds: float) -> Moved:
        until = "+inf" if math.isinf(until_seconds) else parameters.milliseconds_kept(until_seconds)
        args: list[str | int] = [*_lists(tenant), shopper, until, *self._own_generation()]
        with redis_errors():
            script = redis_client().register_script(_FORGET)
            return Moved(*script(keys=[keys.generation(tenant), keys.rebuilding(tenant)], args=args))

    def merge(self, tenant: str, from_shopper: str, to_shopper: str, until_seconds: float) -> Moved:
        until = parameters.milliseconds_kept(until_seconds)
        limits = [parameters.MAX_RECENT, parameters.MAX_MARKS, parameters.SHOPPER_TTL_SECONDS]
        args: list[str | int] = [*_lists(tenant), from_shopper, to_shopper, until, *limits, *self._own_generation()]
        with redis_errors():
            script = redis_client().register_script(_MERGE)
            return Moved(*script(keys=[keys.generation(tenant)], args=args))

    def products(self, tenant: str) -> Changes:
        packed, cursor = [], b"0"
        with redis_errors():
            (generation,) = self._generations([tenant])
            own = [key(tenant, generation) for key in (keys.trend_week, keys.trend_hour, keys.clicks)]
            script = redis_client().register_script(_SNAPSHOT)
            while True:
                cursor, part = script(keys=own, args=[cursor, _SNAPSHOT_STEP])
                packed.append(part)
                if cursor == b"0":
                    return unpack(b"".join(packed))


def _lists(tenant: str) -> list[str]:
    return [keys.prefix(tenant), keys.NAMES["recent"], keys.NAMES["marks"]]


def _pairs(flat: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of a flat list: member, score, member, score and so on."""
    return zip(flat[::2], flat[1::2], strict=True)


def _encode(batch: Batch[LiveEvent], generation: str | None) -> bytes:
    events = batch.events
    call = once_columns(batch, generation) | {
        "lambda_hour": parameters.LAMBDA_HOUR,
        "lambda_week": parameters.LAMBDA_WEEK,
        "prune_below": parameters.faded_below(batch.as_of_seconds),
        "feed_ms": parameters.FEED_MS,
        "feed_entries": parameters.FEED_ENTRIES,
        "prefix": keys.prefix(batch.tenant),
        "names": keys.NAMES,
        "max_recent": parameters.MAX_RECENT,
        "max_marks": parameters.MAX_MARKS,
        "shopper_ttl": parameters.SHOPPER_TTL_SECONDS,
        "product": [event.product_id for event in events],
        "weight": [event.weight for event in events],
        "at": [event.occurred_at_seconds for event in events],
        "click": [int(event.is_click) for event in events],
        "met": [int(event.is_met) for event in events],
        "mark": [event.mark for event in events],
        "shopper": [event.shoppers for event in events],
    }
    return packed_call(call)


def once_columns(batch: Batch[E], generation: str | None) -> dict[str, Any]:
    """Return what exactly_once.lua wants of any call."""
    numbers = {step.log: number for number, step in enumerate(batch.steps, start=1)}
    return {
        "partitions": [[step.log, step.expect, step.next_offset, step.bucket] for step in batch.steps],
        "channel": keys.wake_up(batch.tenant),
        # Left out, and nil in Lua, for the one in force.
        **({} if generation is None else {"generation": generation}),
        "part": [numbers[event.log] for event in batch.events],
        "offset": [event.offset for event in batch.events],
        "id": [event.event_id for event in batch.events],
    }


def packed_call(call: dict[str, Any]) -> bytes:
    # Valkey's cmsgpack knows the raw type of old, not the bin type.
    packed: bytes = msgpack.packb(call, use_bin_type=False)
    return packed
