"""How far behind the consumers are, left where serving processes find it: an old copy must not pass for a live one."""

import time
from collections.abc import Iterable
from typing import Any

import structlog

from events.broker.base import Partition
from events.live import keys
from events.live.redis import redis_errors
from sdr import clock
from sdr.connections import redis_client
from sdr.exceptions import Unavailable

log = structlog.get_logger(__name__)

REPORT_SECONDS = 1.0
# A consumer that is silent for longer is as far behind as that. A rebalance takes less, and clocks differ by less.
PATIENCE_SECONDS = 10.0


class Progress:
    """One consumer's reports."""

    def __init__(self) -> None:
        self._next_at = float("-inf")

    def report(self, partitions: Iterable[Partition], seconds_behind: float) -> None:
        """Say, at most once a second, how old the newest event is that these partitions have brought into the state.

        0 where nothing waits. Never raises: where Redis is away, readers know it themselves.
        """
        if time.monotonic() < self._next_at:
            return
        said = f"{clock.now_seconds():.3f} {seconds_behind:.3f}"
        reports: dict[Any, Any] = {f"{partition.topic}/{partition.number}": said for partition in partitions}
        if reports:
            try:
                with redis_errors():
                    redis_client().hset(keys.PROGRESS, mapping=reports)
            except Unavailable as error:
                log.warning("progress not reported", reason=str(error))
        self._next_at = time.monotonic() + REPORT_SECONDS


def seconds_behind() -> float:
    """Return how far behind the slowest partition is, 0 where none is or none was ever read. Raises Unavailable."""
    with redis_errors():
        reports: dict[Any, Any] = redis_client().hgetall(keys.PROGRESS)
    now = clock.now_seconds()
    return max((_behind(said, now) for said in reports.values()), default=0.0)


def _behind(said: bytes, now_seconds: float) -> float:
    at, behind = map(float, said.split())
    silent_for = now_seconds - at
    return behind + (silent_for if silent_for > PATIENCE_SECONDS else 0.0)
