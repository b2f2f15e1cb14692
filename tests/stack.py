"""A stack of its own, started as a user starts it: one for all tests that use it."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from django.conf import settings

from tests.eventually import eventually

START_SECONDS = 90
STOP_SECONDS = 30


@dataclass(frozen=True)
class Stack:
    """Where a running stack is, and how to talk to it."""

    var_dir: Path
    port: int
    grpc_port: int
    output: Path

    def get(self, path: str):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return orjson.loads(answer.read())

    def post(self, path: str, body):
        headers = {"Content-Type": "application/json"}
        url = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(url, orjson.dumps(body), headers, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, orjson.loads(answer.read())

    def manage(self, *words: str) -> str:
        """Run a command beside the stack; it finds the engines by itself."""
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(
            command,
            cwd=settings.BASE_DIR,
            env=_environment(self),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def _environment(stack: Stack) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "CELERY_BROKER_URL"}
    ports = {"PORT": str(stack.port), "GRPC_PORT": str(stack.grpc_port)}
    return {**kept, **ports, "VAR_DIR": str(stack.var_dir), "DEBUG": "1", "LOG_LEVEL": "info"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    # Beside the run's own engines: unix sockets need short paths, and pytest's are long.
    var_dir = settings.VAR_DIR / "stack"
    var_dir.mkdir(mode=0o711)
    output = tmp_path_factory.mktemp("stack") / "output"
    made = Stack(var_dir, _free_port(), _free_port(), output)
    with output.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "runstack"],
            cwd=settings.BASE_DIR,
            env=_environment(made),
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        eventually(lambda: "SDR is up." in _said(process, output), seconds=START_SECONDS, every_seconds=0.2)
        yield made
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(STOP_SECONDS)
    assert status in {0, 143}, output.read_text()


def _said(process: subprocess.Popen[bytes], output: Path) -> str:
    said = output.read_text()
    assert process.poll() is None, f"The stack stopped:\n{said}"
    return said
