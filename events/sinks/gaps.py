"""What a log no longer has: filled from the archive as far as it can be, and reported where it cannot."""

import time
from collections.abc import Generator, Iterator, Mapping
from typing import Protocol

import structlog
from prometheus_client import Counter

from events.broker.base import BEGINNING
from events.sinks.base import LogRecord, Sink

log = structlog.get_logger(__name__)

_REPORT_EVERY_SECONDS = 10.0


class History(Protocol):
    """Where records can be read that their log no longer has. Both methods raise Unavailable."""

    def spans(self, log: str, first: int, end: int) -> list[tuple[int, int]]:
        """Return which of these offsets it has read, as spans in order; what no event came of counts as read."""
        ...

    def read(self, log: str, span: tuple[int, int], tenants: Mapping[str, int]) -> Iterator[list[LogRecord]]:
        """Yield these tenants' records in this span, in order and some at a time; an empty list is a sign of life."""
        ...


class NoHistory:
    """Of nothing."""

    def spans(self, log: str, first: int, end: int) -> list[tuple[int, int]]:
        return []

    def read(self, log: str, span: tuple[int, int], tenants: Mapping[str, int]) -> Iterator[list[LogRecord]]:
        return iter(())


def fill(
    sink: Sink,
    history: History,
    stored: Mapping[str, int],
    starts: Mapping[str, int],
    tenants: Mapping[str, int],
    processed: Counter,
) -> Iterator[None]:
    """Bring each log that is ``stored`` below its start up to there; yield now and then, to be left or gone on with.

    Records go through the sink as if they were read from the log, so that each counts once, whoever interrupts this.
    """
    for name, start in starts.items():
        if stored[name] == BEGINNING:
            _warn_of_beginning(history, name, start)
        elif stored[name] < start:
            n_missing = yield from _fill_one(sink, history, name, (stored[name], start), tenants)
            processed.labels(topic=name.partition("@")[0], result="gap").inc(n_missing)


def _fill_one(
    sink: Sink, history: History, name: str, gap: tuple[int, int], tenants: Mapping[str, int]
) -> Generator[None, None, int]:
    """Return how many offsets are nowhere."""
    first, start = gap
    spans, n_events, report_at = history.spans(name, first, start), 0, time.monotonic()
    for span in spans:
        for records in history.read(name, span, tenants):
            if records:
                sink.write(records)
                n_events += len(records)
            if time.monotonic() >= report_at:
                report_at = time.monotonic() + _REPORT_EVERY_SECONDS
                log.warning("filling from the archive", log=name, first=first, start=start, n_events=n_events)
            yield
    n_missing = start - first - sum(end - begin for begin, end in spans)
    if n_missing:
        log.error("offset outside the log", log=name, wanted=first, low=start, n_missing=n_missing)
    sink.advance({name: start})
    log.warning("filled from the archive", log=name, first=first, start=start, n_events=n_events, n_missing=n_missing)
    return n_missing


def _warn_of_beginning(history: History, name: str, start: int) -> None:
    # Nobody knows whether it was ever counted: a state that is new is no gap. But it may be one that was lost.
    if start > 0 and history.spans(name, 0, start):
        log.warning("the archive has events from before the log's start; a rebuild counts them", log=name)
