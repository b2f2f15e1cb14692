"""REST through granian on H&M, keys and limits on, beside a bare DRF view of the same size; at fixed rates, too."""

import os
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import BASE_DIR, Bench, _doors, _shop
from benchmarks._load import Target
from sdr.embedded import sockets
from sdr.embedded.waiting import wait_until

START_SECONDS = 60
N_PRODUCTS = 2000
PROMISED_SHARE = 0.7
# A heavy user: limits are asked, and never reached.
RATE_LIMIT = 100_000


def run(bench: Bench) -> None:
    _shop.indexed(bench)
    headers = {"Authorization": f"Bearer {a_key()}"}
    with serving("sdr.wsgi:application") as (address, pid):
        pages = [
            Target(f"{address}/api/recommendations/{product}?limit=5", headers)
            for product in _shop.asked_about(bench, N_PRODUCTS)
        ]
        size = len(answer_to(pages[0]))
        ours = _doors.Door("recommendations", pid, pages, is_h2=False)
        with serving("benchmarks._bare_site:application", BARE_BYTES=str(size)) as (bare_address, bare_pid):
            bare = _doors.Door("bare DRF view", bare_pid, [Target(f"{bare_address}/constant")], is_h2=False)
            _doors.record(bench, ours, bare, promised=PROMISED_SHARE, size=size)


def a_key() -> str:
    from sdr.accounts import services
    from sdr.accounts.models import DEFAULT_TENANT, Scope, Tenant

    _, key = services.create_key(Tenant.objects.get(slug=DEFAULT_TENANT), Scope.values, rate_limit=RATE_LIMIT)
    return key


def answer_to(target: Target) -> bytes:
    request = urllib.request.Request(target.url, headers=target.headers)  # noqa: S310  of our own
    with urllib.request.urlopen(request, timeout=START_SECONDS) as answer:  # noqa: S310
        return answer.read()


@contextmanager
def serving(application: str, **environment: str) -> Iterator[tuple[str, int]]:
    """Serve as `make up` does, in production's settings: one worker, eight threads, metrics of several processes.

    Yields the address and the process id.
    """
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
            yield f"http://127.0.0.1:{port}", process.pid
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
