"""From the log to a sink, exactly once: what to read, when to go back, what to do while a server is away."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from prometheus_client import Gauge

from events.broker.base import Partition, Record, Source
from events.live.base import WentBack
from events.sinks.base import LogRecord, Sink
from sdr import clock, metrics
from sdr.exceptions import Unavailable

log = structlog.get_logger(__name__)

BACKLOG_SECONDS = 1.0
POLL_SECONDS = 0.1
ADVANCE_SECONDS = 5.0
RETRY_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Pace:
    """How many records go to the sink at once: at most ``small``, or ``large`` while there is a backlog.

    Without a backlog, records gather for ``gather_seconds`` before the next are read.
    """

    small: int
    large: int
    gather_seconds: float = 0.0


# A call to the live state blocks it for everybody: small calls, unless there is a backlog to work off. Even then a read
# is one call, so that the next is read and prepared while the state is busy with it.
LIVE_PACE = Pace(small=200, large=500)


class Pipeline:
    """One consumer.

    ``on_alive`` is called, often, while it holds its partitions and the sink answers: with them, and with how many
    seconds old the newest event is that was taken from them while others wait.
    """

    def __init__(
        self,
        source: Source,
        sink: Sink,
        *,
        on_alive: Callable[[frozenset[Partition], float], None] = lambda _partitions, _seconds_behind: None,
        pace: Pace = LIVE_PACE,
        lag: Gauge = metrics.CONSUMER_LAG,
    ) -> None:
        self._source, self._sink, self._on_alive = source, sink, on_alive
        self._pace, self._lag = pace, lag
        self._is_stopping = False
        self._pause = threading.Event()
        self._positioned: int | None = None
        self._seconds_behind = 0.0
        self._advance_at = time.monotonic() + ADVANCE_SECONDS

    def stop(self) -> None:
        """Let :meth:`run` return after the batch at hand."""
        self._is_stopping = True  # no lock: this runs in a signal handler, above whatever the thread was at

    @property
    def is_positioned(self) -> bool:
        """Whether it knows where to read, and so has partitions and a sink that answers."""
        return bool(self._source.generation) and self._positioned == self._source.generation

    def logs(self) -> list[str]:
        """Return the logs it reads."""
        return [self._source.log_of(partition) for partition in self._source.assigned()]

    def run(self) -> None:
        try:
            while not self._is_stopping:
                self.step()
            self.advance()
        finally:
            self._source.close()

    def step(self) -> None:
        """Read once and write what came."""
        has_backlog = self._seconds_behind > BACKLOG_SECONDS
        if not has_backlog:
            self._pause.wait(self._pace.gather_seconds)
        records = self._source.read(self._pace.large if has_backlog else self._pace.small, POLL_SECONDS)
        if self._source.generation != self._positioned:
            self._find_positions()
            return  # what was read before is not ours, or is read again
        if records:
            self._write(records)
        else:
            self._seconds_behind = 0.0
        if not (records and has_backlog) and self.is_positioned:  # nothing waits that could be read meanwhile
            self._until_available(self._sink.finish)
        if time.monotonic() >= self._advance_at:
            self.advance()
        if self._source.generation:  # a member of the group, be it one that holds nothing
            self._on_alive(self._source.assigned(), self._seconds_behind)

    def _find_positions(self) -> None:
        generation, assigned = self._source.generation, self._source.assigned()
        try:
            logs = {self._source.log_of(partition): partition for partition in assigned}
            positions = self._sink.positions(list(logs)) if logs else {}
            if logs and self._fill({self._source.log_of(p): start for p, start in self._source.starts().items()}):
                positions = self._sink.positions(list(logs))
        except Unavailable as error:
            self._wait(error)
            return
        except WentBack:
            log.error("the state went back in time, so going back with it")
            return
        if self._source.generation != generation or self._is_stopping:
            return
        if logs:
            self._source.seek({logs[name]: offset for name, offset in positions.items()})
            self._source.resume()
            log.info("reading", n_partitions=len(positions))
        self._positioned = generation

    def _fill(self, starts: dict[str, int]) -> bool:
        """Have the sink take from elsewhere what the logs no longer have, until the assignment changes or all ends."""
        generation, has_filled = self._source.generation, False
        for _ in self._sink.fill(starts):
            if not has_filled:
                self._source.pause()
                has_filled = True
            self._source.read(1, 0)  # keeps the membership
            if self._is_stopping or self._source.generation != generation:
                return False
            self._on_alive(self._source.assigned(), math.inf)
        return True

    def _write(self, records: list[Record]) -> None:
        entries = [LogRecord(self._source.log_of(record.partition), record) for record in records]
        if self._until_available(lambda: self._sink.write(entries)):
            behind = clock.now_seconds() - max(record.timestamp_ms for record in records) / 1000
            self._seconds_behind = behind if behind > BACKLOG_SECONDS else 0.0

    def advance(self) -> None:
        """Store how far each log was read, also for tenants to whom nothing happens; it finds a restored state too."""
        self._advance_at = time.monotonic() + ADVANCE_SECONDS
        for partition, n in self._source.lag().items():
            self._lag.labels(topic=partition.topic, partition=partition.number).set(n)
        if self._positioned == self._source.generation:
            positions = {self._source.log_of(p): offset for p, offset in self._source.positions().items()}
            if positions:
                self._until_available(lambda: self._sink.advance(positions))

    def _until_available(self, work: Callable[[], None]) -> bool:
        """Do ``work``, again and again while a server is away; return whether it was done.

        It is not when the partitions went elsewhere, when the state turns out to have been restored, or at the end:
        then what was at hand is dropped and read again, by whoever holds the partitions.
        """
        generation, has_waited = self._source.generation, False
        while True:
            try:
                work()
            except Unavailable as error:
                has_waited = True
                self._wait(error)
            except WentBack:
                log.error("the state went back in time, so going back with it")
                self._positioned = None
                return False
            else:
                if has_waited:
                    self._source.resume()
                return True
            if self._is_stopping or self._source.generation != generation:
                self._positioned = None
                return False

    def _wait(self, error: Unavailable) -> None:
        """Keep the membership, but fetch nothing: what is not read cannot be lost."""
        log.warning("waiting", reason=str(error))
        self._source.pause()
        if self._source.read(1, RETRY_SECONDS):
            self._positioned = None  # it was fetched before the pause: read it again
