"""GetRecommendations over gRPC on H&M, one process, beside an echo of the same size; at fixed rates, too."""

import struct
from collections.abc import Sequence

from benchmarks import Bench, _doors, _shop
from benchmarks._grpc_servers import METHOD, PATIENCE_SECONDS, Server, echoing, requests, served
from benchmarks._load import Target
from benchmarks.under_change import process

ECHO = "/sdr.bench.v1.EchoService/Echo"
PROMISED_SHARE = 0.8
CLICKS_PER_SECOND, CLICKS_AT_ONCE = 50, 5
HEADERS = {"Content-Type": "application/grpc", "TE": "trailers"}


def run(bench: Bench) -> None:
    _shop.indexed(bench)
    sent = requests(bench)
    with served(1) as one:
        size = len(call(one.address, METHOD, sent[0]))
        with echoing(size) as echo:
            ours, bare = door("recommendations", one, METHOD, sent), door("echo", echo, ECHO, sent)
            _doors.record(bench, ours, bare, promised=PROMISED_SHARE, size=size)
            if not bench.is_full:
                return
            # As consumers bring them: a few at a time.
            with process("feed", str(CLICKS_PER_SECOND), str(CLICKS_AT_ONCE)):
                name = f"most, beside {CLICKS_PER_SECOND} clicks/s"
                _doors.record_most(bench, name, ours, bare, promised=PROMISED_SHARE, size=size)


def door(name: str, server: Server, method: str, sent: Sequence[bytes]) -> _doors.Door:
    """Return a method as a load generator for HTTP/2 sees it: a POST of messages, each behind its length."""
    url = f"http://{server.address}{method}"
    targets = [Target(url, HEADERS, struct.pack(">BI", 0, len(message)) + message) for message in sent]
    return _doors.Door(name, server.pid, targets, is_h2=True)


def call(address: str, method: str, request: bytes) -> bytes:
    import grpc

    with grpc.insecure_channel(address) as channel:
        return channel.unary_unary(method)(request, timeout=PATIENCE_SECONDS, wait_for_ready=True)
