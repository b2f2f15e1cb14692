"""The one place that reads the wall clock, so that time is an argument everywhere else."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the current instant, aware, in UTC."""
    return datetime.now(UTC)


def now_seconds() -> float:
    """Return the current instant as seconds since the Unix epoch."""
    return time.time()
