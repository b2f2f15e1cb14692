"""The live state in Redis: one script call per tenant and batch."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgpack
import redis

from events.live import keys, parameters
from events.live.base import NO_OFFSET, Applied, Batch, LiveEvent, Rejected, WentBack
from events.live.changes import Changes, unpack
from sdr.connections import redis_client
from sdr.exceptions import Unavailable

_APPLY = (Path(__file__).parent / "apply.lua").read_text()
_SNAPSHOT = (Path(__file__).parent / "snapshot.lua").read_text()
_SNAPSHOT_STEP = 2000


@contextmanager
def redis_errors() -> Iterator[None]:
    """Tell what may pass by itself (Unavailable) from what never will (Rejected)."""
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError, redis.exceptions.ReadOnlyError) as error:
        raise Unavailable(f"Redis: {error}") from error
    except redis.ResponseError as error:
        # NOREPLICAS, CLUSTERDOWN, MISCONF, OOM … are states of the server, not of what was sent.
        if "WRONGTYPE" in str(error) or "user_script" in str(error):
            raise Rejected(str(error)) from error
        raise Unavailable(f"Redis: {error}") from error


class RedisLiveState:
    """See :class:`events.live.base.LiveState`; keys are in :mod:`events.live.keys`."""

    def offsets(self, tenants: Iterable[str], logs: Iterable[str]) -> Mapping[tuple[str, str], int]:
        tenants, logs = list(tenants), list(logs)
        if not tenants or not logs:
            return {}
        with redis_errors():
            pipe = redis_client().pipeline(transaction=False)
            for tenant in tenants:
                pipe.hmget(keys.offsets(tenant), logs)
            stored = pipe.execute()
        return {
            (tenant, log): NO_OFFSET if value is None else int(value)
            for tenant, values in zip(tenants, stored, strict=True)
            for log, value in zip(logs, values, strict=True)
        }

    def apply(self, batch: Batch) -> Applied:
        tenant = batch.tenant
        own = [keys.offsets, keys.trend_hour, keys.trend_week, keys.clicks, keys.seen, keys.feed]
        with redis_errors():
            # The script is registered lazily and sent whole only where Redis does not know it.
            script = redis_client().register_script(_APPLY)
            took, *counts = script(keys=[key(tenant) for key in own], args=[_encode(batch)])
        if not took:
            raise WentBack(tenant)
        return Applied(*counts)

    def recent(self, tenant: str, shopper: str) -> list[tuple[int, float]]:
        with redis_errors():
            found: Any = redis_client().zrevrange(keys.recent(tenant, shopper), 0, -1, withscores=True)
        return [(int(product), at) for product, at in found]

    def marks(self, tenant: str, shopper: str) -> dict[str, float]:
        with redis_errors():
            found: Any = redis_client().zrange(keys.marks(tenant, shopper), 0, -1, withscores=True)
        return {mark.decode(): at for mark, at in found}

    def products(self, tenant: str) -> Changes:
        own = [keys.trend_week(tenant), keys.trend_hour(tenant), keys.clicks(tenant)]
        packed, cursor = [], b"0"
        with redis_errors():
            script = redis_client().register_script(_SNAPSHOT)
            while True:
                cursor, part = script(keys=own, args=[cursor, _SNAPSHOT_STEP])
                packed.append(part)
                if cursor == b"0":
                    return unpack(b"".join(packed))


def _encode(batch: Batch) -> bytes:
    numbers = {step.log: number for number, step in enumerate(batch.steps, start=1)}
    call: dict[str, Any] = {
        "partitions": [[step.log, step.expect, step.next_offset, step.bucket] for step in batch.steps],
        "lambda_hour": parameters.LAMBDA_HOUR,
        "lambda_week": parameters.LAMBDA_WEEK,
        "prune_below": parameters.faded_below(batch.as_of_seconds),
        "feed_ms": parameters.FEED_MS,
        "feed_entries": parameters.FEED_ENTRIES,
        "channel": keys.wake_up(batch.tenant),
        "prefix": keys.prefix(batch.tenant),
        "max_recent": parameters.MAX_RECENT,
        "max_marks": parameters.MAX_MARKS,
        "shopper_ttl": parameters.SHOPPER_TTL_SECONDS,
        **_columns(batch.events, numbers),
    }
    # Valkey's cmsgpack knows the raw type of old, not the bin type.
    packed: bytes = msgpack.packb(call, use_bin_type=False)
    return packed


def _columns(events: list[LiveEvent], numbers: dict[str, int]) -> dict[str, list[Any]]:
    return {
        "part": [numbers[event.log] for event in events],
        "offset": [event.offset for event in events],
        "id": [event.event_id for event in events],
        "product": [event.product_id for event in events],
        "weight": [event.weight for event in events],
        "at": [event.occurred_at_seconds for event in events],
        "click": [int(event.is_click) for event in events],
        "met": [int(event.is_met) for event in events],
        "mark": [event.mark for event in events],
        "shopper": [event.shoppers for event in events],
    }
