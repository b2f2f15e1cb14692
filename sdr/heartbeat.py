"""Signs of life that processes leave in ``var/run``, for container health checks and for whoever waits for them."""

import os
from pathlib import Path

import msgspec
from django.conf import settings

from sdr import clock

NEWS_SECONDS = 1.0


class Sign(msgspec.Struct):
    """What the file says: when, by which process, and how it is."""

    at: float
    pid: int
    detail: str = ""


class Heartbeat:
    """One process's sign of life. It beats only while it does its work: a consumer, while it holds partitions."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._last: tuple[str, float] = ("", float("-inf"))

    def beat(self, detail: str = "") -> None:
        """Say that all is well now. Cheap enough for a busy loop: the same news is written once a second."""
        if detail == self._last[0] and clock.now_seconds() - self._last[1] < NEWS_SECONDS:
            return
        self._last = (detail, clock.now_seconds())
        self._write(detail)

    def stop(self) -> None:
        """Take the sign away: whoever looks next need not wait until it is old."""
        self._last = ("", float("-inf"))
        _path(self.name).unlink(missing_ok=True)

    def _write(self, detail: str) -> None:
        # In one step, so that a reader never meets half of it.
        path = _path(self.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_bytes(msgspec.json.encode(Sign(at=clock.now_seconds(), pid=os.getpid(), detail=detail)))
        draft.replace(path)


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
