"""Signs of life that processes leave in ``var/run``, for container health checks and for whoever waits for them."""

import os
from pathlib import Path

import msgspec
from django.conf import settings

from sdr import clock


class Sign(msgspec.Struct):
    """What the file says: when, by which process, and how it is."""

    at: float
    pid: int
    detail: str = ""


class Heartbeat:
    """One process's sign of life. It beats only while it does its work: a consumer, while it holds partitions."""

    def __init__(self, name: str) -> None:
        self.name = name

    def beat(self, detail: str = "") -> None:
        """Say that all is well now. The file changes in one step, so a reader never meets half of it."""
        path = _path(self.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_bytes(msgspec.json.encode(Sign(at=clock.now_seconds(), pid=os.getpid(), detail=detail)))
        draft.replace(path)

    def stop(self) -> None:
        """Take the sign away: whoever looks next need not wait until it is old."""
        _path(self.name).unlink(missing_ok=True)


def last_sign(name: str) -> Sign | None:
    """Return the last sign of life, or None where there has never been one."""
    try:
        return msgspec.json.decode(_path(name).read_bytes(), type=Sign)
    except FileNotFoundError:
        return None


def is_alive(name: str, max_age_seconds: float = 15.0, since: float = 0.0) -> bool:
    """Return whether ``name`` gave a sign of life lately, and after the instant ``since`` (seconds since the epoch)."""
    sign = last_sign(name)
    return sign is not None and sign.at >= since and clock.now_seconds() - sign.at <= max_age_seconds


def _path(name: str) -> Path:
    return settings.VAR_DIR / "run" / f"{name}.alive"
