"""REST through granian: recommendations with keys and limits on, beside a bare DRF view of the same size."""

import io
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from selectors import EVENT_READ, DefaultSelector

import psutil

from benchmarks import BASE_DIR, Bench
from sdr.embedded import sockets
from sdr.embedded.waiting import wait_until

ROUNDS = 7
ROUND_SECONDS = 1.0
N_CONNECTIONS = 8
START_SECONDS = 60
AIM = 0.7
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass
class Server:
    """One granian process with one worker, and what was measured of it."""

    port: int
    process: psutil.Process
    request: bytes = b""
    per_second: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)

    def measure(self) -> None:
        cpu_before = self._cpu()
        n, seconds = load(self.port, self.request, ROUND_SECONDS)
        self.per_second.append(n / seconds)
        self.cpu_seconds.append((self._cpu() - cpu_before) / n)

    def _cpu(self) -> float:
        times = [process.cpu_times() for process in (self.process, *self.process.children(recursive=True))]
        return sum(each.user + each.system for each in times)


def run(bench: Bench) -> None:
    product_id, key = prepared()
    with ExitStack() as stack:
        ours = stack.enter_context(serving("sdr.wsgi:application"))
        ours.request = request_for(f"/api/recommendations/{product_id}?limit=5", key)
        n_bytes = len(answer_to(ours.port, ours.request).partition(b"\r\n\r\n")[2])
        bare = stack.enter_context(serving("benchmarks._bare_site:application", BARE_BYTES=str(n_bytes)))
        bare.request = request_for("/constant", "")
        for server in (ours, bare):
            load(server.port, server.request, ROUND_SECONDS)  # warm
        for _ in range(ROUNDS):
            for server in (ours, bare):
                server.measure()
    ratio = statistics.median(mine / its for mine, its in zip(ours.per_second, bare.per_second, strict=True))
    cpu_ratio = statistics.median(bare.cpu_seconds) / statistics.median(ours.cpu_seconds)
    bench.record("bare DRF view", statistics.median(bare.per_second), "requests/s", None, f"{n_bytes} bytes")
    bench.record(
        "recommendations", statistics.median(ours.per_second), "requests/s", ratio, f"the bare view; aim {AIM}"
    )
    bench.record("bare, processor time", statistics.median(bare.cpu_seconds) * 1e6, "µs/request")
    bench.record(
        "recommendations, processor time",
        statistics.median(ours.cpu_seconds) * 1e6,
        "µs/request",
        cpu_ratio,
        "the bare view; a busy machine does not matter",
    )


def prepared() -> tuple[int, str]:
    """Fill the shop from the sample catalogue, and return a product and a key that has no reason to wait."""
    from django.core.management import call_command

    from catalog.models import Product
    from sdr.accounts import services
    from sdr.accounts.models import Scope, Tenant

    sample = sorted(str(path) for path in (BASE_DIR / "catalog" / "sample").glob("*.jsonl"))
    call_command("load_catalog", *sample, stdout=io.StringIO())
    call_command("rebuild_index", stdout=io.StringIO())
    _, key = services.create_key(Tenant.objects.get(slug="default"), Scope.values, rate_limit=100_000)
    return Product.objects.get(sku="HOM-0006").pk, key


@contextmanager
def serving(application: str, **environment: str) -> Iterator[Server]:
    """Serve as `make up` does, in production's settings: one worker, eight threads, metrics of several processes."""
    port = sockets.free_port()
    options = ["--interface", "wsgi", "--port", str(port), "--blocking-threads", "8", "--log-level", "error"]
    with tempfile.TemporaryDirectory() as metrics:
        env = os.environ | {"PROMETHEUS_MULTIPROC_DIR": metrics, "API_KEYS_REQUIRED": "1"} | environment
        if application.startswith("benchmarks"):
            env.pop("DJANGO_SETTINGS_MODULE", None)
        command = [sys.executable, "-m", "granian", *options, application]
        process = subprocess.Popen(command, env=env, cwd=BASE_DIR)
        try:
            wait_for(port, process)
            yield Server(port, psutil.Process(process.pid))
        finally:
            process.terminate()
            process.wait()


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    if not wait_until(lambda: process.poll() is not None or is_open(port), START_SECONDS) or process.poll() is not None:
        raise RuntimeError("granian does not listen")


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def request_for(path: str, key: str) -> bytes:
    headers = ["Host: localhost", "Accept: */*", "User-Agent: bench", "Accept-Encoding: gzip"]
    if key:
        headers.append(f"Authorization: Bearer {key}")
    return "\r\n".join([f"GET {path} HTTP/1.1", *headers, "", ""]).encode()


def answer_to(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request)
        answer = b""
        while not is_whole(answer):
            answer += received(connection)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(answer[:500].decode())
    return answer


def received(connection: socket.socket) -> bytes:
    if not (part := connection.recv(65536)):
        raise RuntimeError("granian hung up")
    return part


def is_whole(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return length is not None and len(body) >= int(length[1])


def load(port: int, request: bytes, seconds: float) -> tuple[int, float]:
    """Ask over and over on a few connections that stay open; return how many answers came, all of them 200."""
    n = 0
    with ExitStack() as stack, DefaultSelector() as selector:
        for _ in range(N_CONNECTIONS):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            selector.register(connection, EVENT_READ)
            connection.sendall(request)
        began = time.perf_counter()
        while (now := time.perf_counter()) - began < seconds:
            for ready, _ in selector.select(1):
                connection = ready.fileobj  # type: ignore[assignment]
                answer = received(connection)
                while not is_whole(answer):
                    answer += received(connection)
                if not answer.startswith(b"HTTP/1.1 200"):
                    raise RuntimeError(answer[:500].decode())
                n += 1
                connection.sendall(request)
    return n, now - began
