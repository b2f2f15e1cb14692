"""Load by vegeta, to this machine only and bounded in time and count: as fast as answers come, or on a timetable.

On a timetable requests are sent whatever the answers do, and each answer's latency counts from the moment at which its
request was due. So a stall shows in all requests that fell into it, not only in the few that were under way (Tene, "How
NOT to Measure Latency": coordinated omission).
"""

import base64
import csv
import ipaddress
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from benchmarks import Skipped

# Callers that wait for one answer before they ask again.
N_CALLERS = 8
MAX_PER_SECOND = 20_000
MAX_SECONDS = 60
# At once on a timetable: a stall of seconds must not open more than the machine has.
MAX_UNDER_WAY = 2_000
TIMEOUT_SECONDS = 10
# A request answered so long after it was due is late.
LATE_SECONDS = 0.1


@dataclass(frozen=True)
class Target:
    """One request. ``body``: what a POST sends, None for a GET."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def as_json(self) -> str:
        request: dict[str, Any] = {"method": "GET", "url": self.url}
        request["header"] = {name: [value] for name, value in self.headers.items()}
        if self.body is not None:
            request |= {"method": "POST", "body": base64.b64encode(self.body).decode()}
        return json.dumps(request)


@dataclass(frozen=True)
class Answers:
    """``latencies``: seconds, ascending, of good answers; ``seconds``: from the first request to the last answer."""

    latencies: NDArray[np.float64]
    n_failed: int
    seconds: float

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    @property
    def n_late(self) -> int:
        return int(np.count_nonzero(self.latencies > LATE_SECONDS))

    def share(self, share: float) -> float:
        """Return the latency that this share of the answers did not exceed."""
        if not len(self.latencies):
            raise RuntimeError("No request got a good answer")
        return float(self.latencies[min(int(len(self.latencies) * share), len(self.latencies) - 1)])


def as_fast_as_answered(
    targets: Sequence[Target], seconds: float, *, is_h2: bool = False, n_clients: int = 1
) -> Answers:
    """Have ``N_CALLERS`` ask again as soon as they are answered, with HTTP/2 over ``n_clients`` connections."""
    each = N_CALLERS // n_clients
    options = [f"-rate={MAX_PER_SECOND}/s", f"-workers={each}", f"-max-workers={each}"]
    rows = _answered(targets, seconds, options, is_h2=is_h2, n_clients=n_clients)
    return Answers(np.sort(rows.latency[rows.is_good]), int(np.count_nonzero(~rows.is_good)), rows.seconds)


def on_a_timetable(targets: Sequence[Target], seconds: float, per_second: int, *, is_h2: bool = False) -> Answers:
    """Send ``per_second`` requests a second, each at its time, whatever became of those before."""
    if not 0 < per_second <= MAX_PER_SECOND:
        raise ValueError(f"{per_second} requests a second: at most {MAX_PER_SECOND}")
    options = [f"-rate={per_second}/s", f"-max-workers={MAX_UNDER_WAY}", f"-workers={N_CALLERS}"]
    rows = _answered(targets, seconds, options, is_h2=is_h2)
    latency = since_due(rows.sent_at, rows.latency, rows.number, per_second)
    return Answers(np.sort(latency[rows.is_good]), int(np.count_nonzero(~rows.is_good)), rows.seconds)


def since_due(
    sent_at: NDArray[np.float64], latency: NDArray[np.float64], number: NDArray[np.int64], per_second: float
) -> NDArray[np.float64]:
    """Return each answer's seconds since its request was due: number n is due n / ``per_second`` after the start.

    The start is the latest that the requests allow, none of which was sent before its time.
    """
    after_start = number / per_second
    return sent_at + latency - (np.min(sent_at - after_start) + after_start)


@dataclass(frozen=True)
class _Rows:
    sent_at: NDArray[np.float64]
    latency: NDArray[np.float64]
    number: NDArray[np.int64]
    is_good: NDArray[np.bool_]

    @property
    def seconds(self) -> float:
        return float(np.max(self.sent_at + self.latency) - np.min(self.sent_at))


def _answered(
    targets: Sequence[Target], seconds: float, options: Sequence[str], *, is_h2: bool, n_clients: int = 1
) -> _Rows:
    _check_are_here(targets)
    if seconds > MAX_SECONDS:
        raise ValueError(f"{seconds} s of load: at most {MAX_SECONDS}")
    protocol = "-h2c" if is_h2 else "-http2=false"
    with tempfile.TemporaryDirectory() as directory, ExitStack() as running:
        file = Path(directory) / "targets"
        file.write_text("".join(f"{target.as_json()}\n" for target in targets))
        command = [
            _vegeta(), "attack", "-format=json", f"-targets={file}", f"-duration={seconds}s", protocol,
            f"-timeout={TIMEOUT_SECONDS}s", "-max-body=1B", "-redirects=-1", *options,
        ]  # fmt: skip
        results = [Path(directory) / f"results-{n}" for n in range(n_clients)]
        clients = [
            # One core is the server's: what sends must not take it away from it.
            running.enter_context(
                subprocess.Popen([*command, f"-output={result}"], env=os.environ | {"GOMAXPROCS": "1"})
            )
            for result in results
        ]
        if any(client.wait(seconds + 3 * TIMEOUT_SECONDS) for client in clients):
            raise RuntimeError("vegeta ended with an error")
        return _rows(results)


def _check_are_here(targets: Iterable[Target]) -> None:
    for target in targets:
        if not ipaddress.ip_address(urlsplit(target.url).hostname or "").is_loopback:
            raise ValueError(f"{target.url} is not on this machine")


def _vegeta() -> str:
    beside_python = Path(sys.executable).parent / "vegeta"
    found = str(beside_python) if beside_python.exists() else shutil.which("vegeta")
    if found is None:
        raise Skipped("Load comes from vegeta: `make bench` builds it where Go is installed")
    return found


def _rows(results: Sequence[Path]) -> _Rows:
    """Read what vegeta wrote. A good answer has status 200 and a body; gRPC's errors have the one without the other."""
    written = subprocess.run(
        [_vegeta(), "encode", "-to=csv", *map(str, results)], check=True, capture_output=True, text=True
    ).stdout
    rows = [
        (int(row[0]), int(row[2]), int(row[8]), row[1] == "200" and row[4] != "0")
        for row in csv.reader(written.splitlines())
    ]
    if not rows:
        raise RuntimeError("vegeta sent nothing")
    sent_at, latency, number, is_good = map(np.array, zip(*rows, strict=True))
    return _Rows((sent_at - sent_at.min()) / 1e9, latency / 1e9, number, is_good)
