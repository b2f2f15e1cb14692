"""Working out one answer on H&M's 105,542 articles, beside a bare loop over 100 neighbours and 200 hot products."""

import csv
import gzip
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

from django.test import override_settings

from benchmarks import _shop
from sdr.embedded.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks import Bench

# Of the interactions, the last so many count as those of the last hour, and all of them as those of the week.
N_LAST_HOUR = 20_000
N_BLOCKS, N_IN_FULL, BLOCK_SIZE = 12, 60, 50
N_RECENT, N_SHOPPERS = 8, 200
MAX_P50_RATIO, MAX_P99_RATIO = 2, 6
# With lists of what shoppers went on to, beside without.
WITH_LISTS, MAX_LISTS_RATIO, LIST_LENGTH, MAX_LISTS = ", lists known", 1.5, 50, 20_000
LIMITS = {
    "product page, nobody known": "Python around one call of C: questions, cards, sentences; and memory that is cold",
    "product page, a shopper known": "the shopper in rows, texts where no list tells, several lists made one",
    "user page": "as many candidates as ten recent products have neighbours; several lists made one",
    "explain": "the list, and the terms of two texts by name",
}


def run(bench: "Bench") -> None:
    """Record p50 and p99 of processor time, in blocks that take turns so that a busy machine slows all alike."""
    _shop.indexed(bench)
    skus = clicked_skus(bench.data_dir / "interactions" / "hm.csv.gz")
    heat(skus)
    with override_settings(SEQUENCE_LISTS_HELD=MAX_LISTS), serving_it(), shoppers_known(skus):
        asked = questions(skus)
        times = in_turns(
            {"bare loop": bare_loop(), **with_and_without_lists(asked, skus)}, N_IN_FULL if bench.is_full else N_BLOCKS
        )
    bare = percentile(times["bare loop"], 50)
    record_sequences(bench, times)
    for name, taken in times.items():
        p50, p99 = percentile(taken, 50), percentile(taken, 99)
        limit = "merge, sort, join five cards" if name == "bare loop" else LIMITS[name.removesuffix(WITH_LISTS)]
        bench.record(f"{name}, p50", p50, "µs", p50 / bare, limit)
        is_promised = name == "product page, nobody known"
        promise = f"p50 at most {MAX_P50_RATIO} and p99 at most {MAX_P99_RATIO} times the bare loop's p50"
        bench.record(f"{name}, p99", p99, "µs", p99 / bare, promise if is_promised else "")


def clicked_skus(path: "Path") -> list[str]:
    with gzip.open(path, "rt") as lines:
        return [row["sku"] for row in csv.DictReader(lines)]


def heat(skus: list[str]) -> None:
    """Put the interactions into the live state, as the consumer would have."""
    import numpy as np

    from events.live import keys
    from recommendations.engine import decay
    from sdr.accounts.models import DEFAULT_TENANT
    from sdr.connections import redis_client

    ids = _shop.product_ids()
    week, hour = Counter(map(ids.get, skus)), Counter(map(ids.get, skus[-N_LAST_HOUR:]))
    for half_life, key, counts in (
        (decay.WEEK_SECONDS, keys.trend_week(DEFAULT_TENANT), week),
        (decay.HOUR_SECONDS, keys.trend_hour(DEFAULT_TENANT), hour),
    ):
        grown = decay.rate_constant(half_life) * time.time()
        redis_client().zadd(key, {str(product): float(np.log(n) + grown) for product, n in counts.items()})
    redis_client().hset(keys.clicks(DEFAULT_TENANT), mapping={str(product): n for product, n in week.items()})


@contextmanager
def serving_it() -> Iterator[None]:
    """The process's servings, warm and live, with their threads, as in a web worker."""
    from recommendations import serving
    from sdr.accounts.models import DEFAULT_TENANT

    wait_until(lambda: not serving.current(DEFAULT_TENANT)[1], 60)
    try:
        yield
    finally:
        serving.stop()


@contextmanager
def shoppers_known(skus: list[str]) -> Iterator[None]:
    """Answer at once what is known of the user ``n``: the network's share is not what is measured here."""
    from events.live.shoppers import ShopperState
    from recommendations import serving
    from sdr.accounts.models import DEFAULT_TENANT

    now, _ = serving.current(DEFAULT_TENANT)
    ids = now.index.catalogue.vocabulary.product_ids
    rows = [now.index.row_of(None, sku) for sku in skus[: N_RECENT * N_SHOPPERS]]
    met = [int(ids[row]) for row in rows if row is not None]
    states = {
        str(n): ShopperState(met[n * N_RECENT : (n + 1) * N_RECENT], frozenset(met[n : n + 1]), frozenset(), None)
        for n in range(N_SHOPPERS)
    }

    def read(_tenant: str, user_id: str, _session_id: str | None, **_: float) -> ShopperState:
        return states[user_id]

    with mock.patch("recommendations.knowledge.read_shopper", read):
        yield


def questions(skus: list[str]) -> dict[str, Callable[[int], Any]]:
    """Return by name what is asked; the argument is the number of the turn."""
    from recommendations import services, serving
    from sdr.accounts.models import DEFAULT_TENANT, DEFAULT_TENANT_ID

    now, _ = serving.current(DEFAULT_TENANT)
    # As popular as they are: what is clicked is looked at.
    step = len(skus) // (N_IN_FULL * BLOCK_SIZE)
    rows = [now.index.row_of(None, sku) for sku in skus[::step]]
    ids = [int(now.index.catalogue.vocabulary.product_ids[row]) for row in rows if row is not None]
    who = DEFAULT_TENANT, DEFAULT_TENANT_ID
    return {
        "product page, nobody known": lambda n: services.recommend_for_product(services.ProductQuery(*who, ids[n])),
        "product page, a shopper known": lambda n: services.recommend_for_product(
            services.ProductQuery(*who, ids[n], user_id=str(n % N_SHOPPERS))
        ),
        "user page": lambda n: services.recommend_for_user(services.UserQuery(*who, user_id=str(n % N_SHOPPERS))),
        "explain": lambda n: services.explain(services.ProductQuery(*who, ids[n]), ids[n - 1]),
    }


def with_and_without_lists(asked: dict[str, Callable[[int], Any]], skus: list[str]) -> dict[str, Callable[[int], Any]]:
    """Return what asks the questions where the process holds empty lists, and where it holds full ones."""
    from recommendations import serving
    from sdr.accounts.models import DEFAULT_TENANT

    held = serving.current(DEFAULT_TENANT)[0].lists
    empty, full = lists_of(skus, 0), lists_of(skus, LIST_LENGTH)
    laid = None

    def asking(lists: dict[int, Any], ask: Callable[[int], Any]) -> Callable[[int], Any]:
        def ask_with(turn: int) -> Any:
            nonlocal laid
            if laid is not lists:
                with held.reading(lists) as reading:
                    held.keep(lists, reading)
                laid = lists
            return ask(turn)

        return ask_with

    without = {name: asking(empty, ask) for name, ask in asked.items()}
    return without | {name + WITH_LISTS: asking(full, ask) for name, ask in asked.items()}


def lists_of(skus: list[str], n: int) -> dict[int, Any]:
    """Return lists of ``n`` for all products that are asked about, as if shoppers had gone on to those clicked next."""
    import numpy as np

    from events.live.sequences.kinds import Following
    from recommendations.engine import decay
    from recommendations.engine.next_lists import NextList
    from recommendations.sequences.held import place_of

    ids = _shop.product_ids()
    clicked = np.array([ids[sku] for sku in skus if sku in ids])
    grown = decay.rate_constant(decay.MONTH_SECONDS) * time.time()
    scores, counts = np.log(np.linspace(20, 0.5, LIST_LENGTH)) + grown, np.full(LIST_LENGTH, 4, dtype=np.int32)
    lists = {}
    for at in [*range(N_RECENT * N_SHOPPERS), *range(0, len(clicked), len(skus) // (N_IN_FULL * BLOCK_SIZE))]:
        followers = np.unique(clicked[at + 1 : at + 1 + n])
        own = NextList(followers, scores[: len(followers)], counts[: len(followers)])
        lists |= {place_of(kind, int(clicked[at])): own for kind in Following}
    return lists


def record_sequences(bench: "Bench", times: dict[str, list[int]]) -> None:
    """Record what lists cost each question, as a ratio of medians within this run."""
    for name in [name for name in times if name + WITH_LISTS in times]:
        ratio = percentile(times[name + WITH_LISTS], 50) / percentile(times[name], 50)
        promise = f"at most {MAX_LISTS_RATIO}" if name == "product page, nobody known" else ""
        bench.record(f"{name}, p50 with lists over without", ratio, "×", ratio, promise)


def bare_loop() -> Callable[[int], bytes]:
    """Return the least that could be done in plain Python, over made-up numbers of the same sizes."""
    import random

    dice = random.Random(7)  # noqa: S311  made-up numbers
    near = [(row, dice.random()) for row in dice.sample(range(1000), 100)]
    hot = [(row, dice.random()) for row in dice.sample(range(1000), 200)]
    cards = [bytes(500)] * 1000

    def merge(_turn: int) -> bytes:
        scores = {}
        for row, cosine in near:
            scores[row] = 0.8 * cosine
        for row, trend in hot:
            scores[row] = scores.get(row, 0.0) + 0.2 * trend
        best = sorted(scores.items(), key=lambda item: -item[1])[:5]
        return b"[" + b",".join(cards[row] for row, _ in best) + b"]"

    return merge


def in_turns(asked: dict[str, Callable[[int], Any]], n_blocks: int) -> dict[str, list[int]]:
    """Return the nanoseconds of processor time of each call, by name; one block is thrown away to warm up."""
    times: dict[str, list[int]] = {name: [] for name in asked}
    for block in range(-1, n_blocks - 1):
        for name, ask in asked.items():
            turns = range(max(block, 0) * BLOCK_SIZE, (max(block, 0) + 1) * BLOCK_SIZE)
            ask(turns[-1])  # exchanges the lists
            if name.endswith(WITH_LISTS):  # asked before, since the lists changed last; but not just before
                for turn in turns:
                    ask(turn)
            for turn in turns:
                started = time.thread_time_ns()
                ask(turn)
                if block >= 0:
                    times[name].append(time.thread_time_ns() - started)
    return times


def percentile(nanoseconds: list[int], percent: int) -> float:
    """Return microseconds."""
    return sorted(nanoseconds)[len(nanoseconds) * percent // 100] / 1000
