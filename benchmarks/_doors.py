"""What `rest` and `grpc` measure alike: a door of ours beside the least that such a door can be, its ceiling."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

import psutil

from benchmarks import Bench
from benchmarks._load import Answers, Target, as_fast_as_answered, on_a_timetable

WARM_UP_SECONDS = 2.0
ROUNDS, ROUND_SECONDS = 3, 1.5
# On a timetable: in shares of what the door does at most.
SHARES = (0.25, 0.5, 0.75)
SECONDS_AT_A_RATE, SECONDS_IN_FULL = 3.0, 10.0


@dataclass(frozen=True)
class Door:
    """``pid``: of the server; ``targets``: what it is asked, over and over."""

    name: str
    pid: int
    targets: Sequence[Target]
    is_h2: bool

    def cpu_seconds(self) -> float:
        """Return what the server and its processes have used."""
        parent = psutil.Process(self.pid)
        times = [process.cpu_times() for process in (parent, *parent.children(recursive=True))]
        return sum(time.user + time.system for time in times)


class Loaded(NamedTuple):
    """Answers a second, seconds of latency, processor seconds of the server for an answer."""

    per_second: float
    p50: float
    p99: float
    cpu: float


def record(bench: Bench, ours: Door, bare: Door, *, promised: float, size: int) -> None:
    """Record throughput, then latency at fixed rates, beside ``bare``, which answers ``size`` bytes, too."""
    most = record_most(bench, "most", ours, bare, promised=promised, size=size)
    for share in SHARES:
        _record_at(bench, share, int(share * most), ours, bare)


def record_most(bench: Bench, name: str, ours: Door, bare: Door, *, promised: float, size: int) -> float:
    """Record how many answers a second are had at most; return it."""
    most, least = in_turn(ours, bare)
    what = f"{bare.name}, {size:,} bytes"
    bench.record(name, most.per_second, "answers/s", most.per_second / least.per_second,
                 f"{what}, {least.per_second:,.0f}; promise {promised}")  # fmt: skip
    bench.record(f"{name}, p50", most.p50 * 1e3, "ms", most.p50 / least.p50, f"{what}, {least.p50 * 1e3:.3g} ms")
    bench.record(f"{name}, p99", most.p99 * 1e3, "ms", most.p99 / least.p99, f"{what}, {least.p99 * 1e3:.3g} ms")
    bench.record(f"{name}, processor time of an answer", most.cpu * 1e6, "µs", most.cpu / least.cpu,
                 f"{what}, {least.cpu * 1e6:.0f} µs; what a busy machine changes least")  # fmt: skip
    return most.per_second


def in_turn(*doors: Door, n_clients: int = 1) -> list[Loaded]:
    """Load each door in turn, again and again: a busy machine is busy for all. Return each one's medians."""
    for door in doors:
        _warm_up(door)
    rounds = [[_loaded(door, n_clients) for door in doors] for _ in range(ROUNDS)]
    return [Loaded(*map(median, zip(*loads, strict=True))) for loads in zip(*rounds, strict=True)]


def _warm_up(door: Door) -> None:
    """Ask everything once: a server that has just started asks Redis for the lists of each product that it meets."""
    n_met = 0
    while n_met < len(door.targets):
        n_good = len(as_fast_as_answered(door.targets[n_met:], WARM_UP_SECONDS, is_h2=door.is_h2).latencies)
        if not n_good:
            raise RuntimeError(f"{door.name} has no good answer")
        n_met += n_good


def _loaded(door: Door, n_clients: int) -> Loaded:
    before = door.cpu_seconds()
    answers = as_fast_as_answered(door.targets, ROUND_SECONDS, is_h2=door.is_h2, n_clients=n_clients)
    if answers.n_failed:
        raise RuntimeError(f"{answers.n_failed} requests to {door.name} failed")
    cpu = (door.cpu_seconds() - before) / len(answers.latencies)
    return Loaded(answers.per_second, answers.share(0.5), answers.share(0.99), cpu)


def _record_at(bench: Bench, share: float, per_second: int, ours: Door, bare: Door) -> None:
    seconds = SECONDS_IN_FULL if bench.is_full else SECONDS_AT_A_RATE
    mine, least = (on_a_timetable(door.targets, seconds, per_second, is_h2=door.is_h2) for door in (ours, bare))
    at = f"at {share:.0%} of the most"
    for name, of in (("p50", 0.5), ("p99", 0.99), ("worst", 1.0)):
        own, its = mine.share(of), least.share(of)
        limit = f"{bare.name}, {its * 1e3:.3g} ms; both at {per_second:,}/s, since each was due"
        bench.record(f"{at}, {name}", own * 1e3, "ms", own / its, limit)
    bench.record(f"{at}, late or failed", mine.n_late + mine.n_failed, "requests", *_share_of_bad(mine, least, bare))


def _share_of_bad(mine: Answers, least: Answers, bare: Door) -> tuple[float, str]:
    n = len(mine.latencies) + mine.n_failed
    limit = f"of {n:,}; {mine.n_failed} failed, the others over 100 ms; {bare.name}: {least.n_late + least.n_failed}"
    return (mine.n_late + mine.n_failed) / n, limit
