"""Servers for the benches of gRPC: ours, as an operator starts it, and an echo; and what they are asked.

``python -m benchmarks._grpc_servers SIZE`` is the echo.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc

from benchmarks import BASE_DIR, Bench, _shop

SERVES = "gRPC serves on "
METHOD = "/sdr.recommendations.v1.RecommendationService/GetRecommendations"
N_PRODUCTS = 2000
PATIENCE_SECONDS = 60


def requests(bench: Bench) -> list[bytes]:
    """Return requests as H&M's shoppers met products."""
    from protos.recommendations.v1.recommendations_pb2 import GetRecommendationsRequest

    met = _shop.asked_about(bench, N_PRODUCTS)
    return [GetRecommendationsRequest(product_id=product).SerializeToString() for product in met]


def start(words: list[str], environment: dict[str, str]) -> tuple[subprocess.Popen[str], str]:
    """Start a Python server; return it and its address once it has told it."""
    process = subprocess.Popen(
        [sys.executable, *words], cwd=BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True
    )
    for line in process.stdout or ():
        if line.startswith(SERVES):
            return process, line.removeprefix(SERVES).strip()
    raise RuntimeError(f"The server ended with {process.wait()} before it served")


class Server:
    """A server as an operator starts it, without limits on how often we may call."""

    def __init__(self, *words: str) -> None:
        environment = os.environ | {"API_KEYS_REQUIRED": "0", "RATE_LIMIT_ANONYMOUS": "0"}
        self._process, self.address = start(list(words), environment)

    @classmethod
    def of_ours(cls, n_processes: int, address: str = "127.0.0.1:0", *words: str) -> "Server":
        return cls("manage.py", "grpcrunserver", address, "--processes", str(n_processes), *words)

    @property
    def pid(self) -> int:
        return self._process.pid

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


def echo(size: int) -> None:
    """Serve until killed: the least that a Python server can do, with as many threads as ours."""
    answer = b"x" * size
    server = grpc.server(ThreadPoolExecutor(10))
    handler = grpc.unary_unary_rpc_method_handler(lambda _request, _context: answer)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("sdr.bench.v1.EchoService", {"Echo": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"{SERVES}127.0.0.1:{port}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    echo(int(sys.argv[1]))
