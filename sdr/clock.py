"""The one place that reads the wall clock, so that time is an argument everywhere else."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def now() -> datetime:
    """Return the current instant, aware, in UTC."""
    return datetime.now(UTC)


def now_seconds() -> float:
    """Return the current instant as seconds since the Unix epoch."""
    return time.time()


_now_seconds = now_seconds


@contextmanager
def standing_at(seconds: float) -> Iterator[None]:
    """Let :func:`now_seconds` say for the block, in the whole process, that it is then: for replays of the past."""
    globals()["now_seconds"] = lambda: seconds
    try:
        yield
    finally:
        globals()["now_seconds"] = _now_seconds
