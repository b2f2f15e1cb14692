"""GetRecommendations over gRPC on H&M beside an echo of the same size; processes, channels, restarts under load."""

import csv
import gzip
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psutil

from benchmarks import BASE_DIR, Bench
from benchmarks._grpc_servers import start
from benchmarks.under_change import process

METHOD = "/sdr.recommendations.v1.RecommendationService/GetRecommendations"
ECHO = "/sdr.bench.v1.EchoService/Echo"
SECONDS, ROUNDS = 4.0, 3
CALLERS, CHANNELS = 8, 1000
N_PRODUCTS, N_RESTARTS = 5000, 3
CLICKS_PER_SECOND, CLICKS_AT_ONCE = 50, 5
PROMISED_SHARE = 0.8
PATIENCE_SECONDS = 60


class Door(NamedTuple):
    """A method of a server, and what it is asked."""

    server: "Server"
    method: str
    sent: list[bytes]


class Loaded(NamedTuple):
    """Calls per second, p99 in seconds, processor seconds of the server for a call."""

    rate: float
    p99: float
    cpu: float


def run(bench: Bench) -> None:
    from benchmarks.index_build import active_artifact, build_in_a_process_of_its_own, load_catalogue

    load_catalogue(bench.data_dir / "products" / "hm.jsonl.gz")
    try:
        active_artifact()
    except RuntimeError:
        build_in_a_process_of_its_own()
    measure(bench, requests(bench.data_dir))


def measure(bench: Bench, sent: list[bytes]) -> None:
    with served(1) as one:
        size = len(call(one.address, METHOD, sent[0]))
        with echoing(size) as echo:
            warm_up(one, sent)
            doors = Door(one, METHOD, sent), Door(echo, ECHO, sent)
            record_beside_echo(bench, "one process", *in_turn(*doors), size)
            # As consumers bring them: a few at a time.
            with process("feed", str(CLICKS_PER_SECOND), str(CLICKS_AT_ONCE)):
                record_beside_echo(bench, f"{CLICKS_PER_SECOND} clicks/s", *in_turn(*doors), size)
        n_failed = failures_on_many_channels(one.address, sent)
        bench.record(f"{CHANNELS:,} open channels, calls that failed", n_failed, "calls")
    with served(2) as two, served(1) as one:
        for server in (two, two, one):  # either of the two has a channel's calls, by chance
            warm_up(server, sent)
        both, alone = in_turn(Door(two, METHOD, sent), Door(one, METHOD, sent))
    bench.record("two processes", both.rate, "calls/s", both.rate / alone.rate, "one process in the same run")
    for name, options, replaced in (
        ("restarts under load, callers retry, calls that failed", retrying(), stopped_first),
        ("handovers under load, callers do not retry, calls that failed", [], handed_over),
    ):
        n_calls, n_failed = restarts_under_load(sent, options, replaced)
        bench.record(name, n_failed, "calls", n_failed / n_calls, f"{n_calls:,} calls")


def record_beside_echo(bench: Bench, name: str, ours: "Loaded", bare: "Loaded", size: int) -> None:
    limit = f"echo of {size:,} bytes; promise {PROMISED_SHARE}"
    bench.record(name, ours.rate, "calls/s", ours.rate / bare.rate, limit)
    bench.record(f"{name}, p99", ours.p99 * 1e3, "ms", ours.p99 / bare.p99, f"echo: {bare.p99 * 1e3:.3g} ms")
    limit = f"echo: {bare.cpu * 1e6:.0f} µs; what a busy machine changes least"
    bench.record(f"{name}, processor time of a call", ours.cpu * 1e6, "µs", ours.cpu / bare.cpu, limit)


def requests(data_dir: Path) -> list[bytes]:
    """Return requests as H&M's shoppers met products: some far more often than others."""
    from catalog.models import Product
    from protos.recommendations.v1.recommendations_pb2 import GetRecommendationsRequest

    with gzip.open(data_dir / "interactions" / "hm.csv.gz", "rt") as rows:
        skus = [row["sku"] for row in islice(csv.DictReader(rows), N_PRODUCTS)]
    ids = dict(Product.objects.filter(sku__in=set(skus)).values_list("sku", "id"))
    return [GetRecommendationsRequest(product_id=ids[sku]).SerializeToString() for sku in skus if sku in ids]


def warm_up(server: "Server", sent: list[bytes]) -> None:
    """Ask everything once: a server that has just started asks Redis for the lists of each product that it meets."""
    import grpc

    options = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(server.address, options) as channel, ThreadPoolExecutor(CALLERS) as threads:
        ask = partial(channel.unary_unary(METHOD), timeout=PATIENCE_SECONDS, wait_for_ready=True)
        deque(threads.map(ask, dict.fromkeys(sent)), maxlen=0)


def in_turn(*doors: "Door") -> "list[Loaded]":
    """Load each door in turn, again and again: a busy machine is busy for all. Return each one's medians."""
    for door in doors:
        load(door, seconds=1.0)
    rounds = [[load(door, seconds=SECONDS) for door in doors] for _ in range(ROUNDS)]
    return [Loaded(*map(median, zip(*loads, strict=True))) for loads in zip(*rounds, strict=True)]


def load(door: "Door", *, seconds: float) -> "Loaded":
    """Call from a process of its own, which does not share our interpreter's lock."""
    words = ["-m", "benchmarks._grpc_caller", door.server.address, door.method, str(seconds), str(CALLERS)]
    before = door.server.cpu_seconds()
    with subprocess.Popen(
        [sys.executable, *words], cwd=BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        told, _ = process.communicate(b"\n".join(request.hex().encode() for request in door.sent))
    if process.returncode:
        raise RuntimeError(f"The caller ended with {process.returncode}")
    rate, p99 = map(float, told.split())
    return Loaded(rate, p99, (door.server.cpu_seconds() - before) / (rate * seconds))


def call(address: str, method: str, request: bytes) -> bytes:
    import grpc

    with grpc.insecure_channel(address) as channel:
        return channel.unary_unary(method)(request, timeout=PATIENCE_SECONDS, wait_for_ready=True)


def failures_on_many_channels(address: str, sent: list[bytes]) -> int:
    """Open many channels at once, use each, and count the calls that failed."""
    import grpc

    options = [("grpc.use_local_subchannel_pool", 1)]
    channels = [grpc.insecure_channel(address, options) for _ in range(CHANNELS)]
    calls = [
        channel.unary_unary(METHOD).future(request, timeout=PATIENCE_SECONDS, wait_for_ready=True)
        for channel, request in zip(channels, sent, strict=False)
    ]
    n_failed = sum(ended.exception() is not None for ended in calls)
    for channel in channels:
        channel.close()
    return n_failed


def restarts_under_load(
    sent: list[bytes], options: list[tuple[str, str | int]], replaced: "Callable[[Server | None], Server]"
) -> tuple[int, int]:
    """Replace a server again and again under callers; return calls and failures."""
    import grpc

    is_over, counts = threading.Event(), {"calls": 0, "failed": 0}
    server = replaced(None)

    def caller() -> None:
        with grpc.insecure_channel(server.address, [*options, ("grpc.use_local_subchannel_pool", 1)]) as channel:
            ask = channel.unary_unary(METHOD)
            for request in endless(sent, is_over):
                counts["calls"] += 1
                try:
                    ask(request, timeout=PATIENCE_SECONDS)
                except grpc.RpcError:
                    counts["failed"] += 1

    call(server.address, METHOD, sent[0])
    with ThreadPoolExecutor(CALLERS) as threads:
        ended = [threads.submit(caller) for _ in range(CALLERS)]
        for _ in range(N_RESTARTS):
            threading.Event().wait(1.0)
            server = replaced(server)
        is_over.set()
        for future in ended:
            future.result(PATIENCE_SECONDS)
    server.stop()
    return counts["calls"], counts["failed"]


def retrying() -> list[tuple[str, str | int]]:
    """Return what docs/grpc.md asks of callers where nobody hands over."""
    from examples.client import OPTIONS

    return OPTIONS


def stopped_first(server: "Server | None") -> "Server":
    if server is None:
        return Server.of_ours(1)
    server.stop()
    return Server.of_ours(1, server.address)


def handed_over(server: "Server | None") -> "Server":
    newer = Server.of_ours(1, server.address if server else "127.0.0.1:0", "--handover", "1")
    if server:
        server.stop()
    return newer


def endless(sent: list[bytes], is_over: threading.Event) -> Iterator[bytes]:
    while not is_over.is_set():
        yield from sent[:100]


class Server:
    """A server as an operator starts it, without limits on how often we may call."""

    def __init__(self, *words: str) -> None:
        environment = os.environ | {"API_KEYS_REQUIRED": "0", "RATE_LIMIT_ANONYMOUS": "0"}
        self._process, self.address = start(list(words), environment)

    @classmethod
    def of_ours(cls, n_processes: int, address: str = "127.0.0.1:0", *words: str) -> "Server":
        return cls("manage.py", "grpcrunserver", address, "--processes", str(n_processes), *words)

    def cpu_seconds(self) -> float:
        """Return what the server and its processes have used."""
        parent = psutil.Process(self._process.pid)
        times = [process.cpu_times() for process in (parent, *parent.children())]
        return sum(time.user + time.system for time in times)

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE_SECONDS)


@contextmanager
def served(n_processes: int) -> Iterator[Server]:
    server = Server.of_ours(n_processes)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def echoing(size: int) -> Iterator[Server]:
    server = Server("-m", "benchmarks._grpc_servers", str(size))
    try:
        yield server
    finally:
        server.stop()
