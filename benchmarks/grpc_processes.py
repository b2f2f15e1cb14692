"""gRPC with two processes beside one, a thousand open channels, restarts and handovers under load."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from benchmarks import Bench, _doors, _shop
from benchmarks._grpc_servers import METHOD, PATIENCE_SECONDS, Server, requests, served
from benchmarks.grpc import call, door

CALLERS, CHANNELS = 8, 1000
N_RESTARTS = 3


def run(bench: Bench) -> None:
    _shop.indexed(bench)
    sent = requests(bench)
    with served(1) as one:
        n_failed = failures_on_many_channels(one.address, sent)
        bench.record(
            f"{CHANNELS:,} open channels, calls that failed", n_failed, "calls", n_failed / CHANNELS, "promise 0"
        )
    with served(2) as two, served(1) as one:
        # A connection stays with the process that took it in: each caller has one of its own.
        doors = door("two processes", two, METHOD, sent), door("one process", one, METHOD, sent)
        both, alone = _doors.in_turn(*doors, n_clients=CALLERS)
    bench.record("two processes", both.per_second, "calls/s", both.per_second / alone.per_second,
                 f"one process, {alone.per_second:,.0f}; the callers take part of two cores")  # fmt: skip
    for name, options, replaced in (
        ("restarts under load, callers retry, calls that failed", retrying(), stopped_first),
        ("handovers under load, callers do not retry, calls that failed", [], handed_over),
    ):
        n_calls, n_failed = restarts_under_load(sent, options, replaced)
        bench.record(name, n_failed, "calls", n_failed / n_calls, f"{n_calls:,} calls; promise 0")


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
