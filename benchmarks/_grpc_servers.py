"""Servers for ``grpc``: starting one and waiting for its address; and an echo of a given size."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc

from benchmarks import BASE_DIR

SERVES = "gRPC serves on "


def start(words: list[str], environment: dict[str, str]) -> tuple[subprocess.Popen[str], str]:
    """Start a Python server; return it and its address once it has told it."""
    process = subprocess.Popen(
        [sys.executable, *words], cwd=BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True
    )
    for line in process.stdout or ():
        if line.startswith(SERVES):
            return process, line.removeprefix(SERVES).strip()
    raise RuntimeError(f"The server ended with {process.wait()} before it served")


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
