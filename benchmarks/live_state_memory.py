"""Bytes of Valkey per product, per shopper and per remembered event id, as MEMORY USAGE has them."""

import uuid

from benchmarks import Bench

N = 50_000
TENANT = "bench"


def run(bench: Bench) -> None:
    from events.live import keys

    _fill()
    ids = _bytes(f"{keys.seen(TENANT)}:product_clicks/0:100") / N
    bench.record("one event id, in the dedup window", ids, "bytes", limit="a set's member of 16 bytes")
    products = sum(_bytes(key(TENANT)) for key in (keys.trend_hour, keys.trend_week, keys.clicks)) / N
    bench.record("one product: two trends and its clicks", products, "bytes", limit="two skip lists and a hash")
    one, fifty = (_bytes(keys.recent(TENANT, shopper)) for shopper in ("u:new", "u:regular"))
    bench.record("one shopper with one recent product", one, "bytes", limit="a key and its expiry")
    bench.record("one shopper with fifty recent products", fifty, "bytes", limit="a list of fifty")


def _fill() -> None:
    """Click once on each of N products: one of them by a new shopper, fifty by a regular one."""
    from events.live.base import Batch, LiveEvent, Step
    from events.live.redis import RedisLiveState

    log, at, state = "product_clicks@bench/0", 1.8e9, RedisLiveState()
    shoppers = {0: ("u:new",)} | dict.fromkeys(range(1, 51), ("u:regular",))
    for first in range(0, N, 1000):
        numbers = range(first, first + 1000)
        events = [
            LiveEvent(log, n, uuid.uuid4().bytes, 1_000_000 + n, 1.0, at + n, True, shoppers.get(n, ()))
            for n in numbers
        ]
        state.apply(Batch(TENANT, [Step(log, first or -1, first + 1000, 100)], at + N, events))


def _bytes(key: str) -> int:
    from sdr.connections import redis_client

    return int(redis_client().memory_usage(key, samples=0) or 0)
