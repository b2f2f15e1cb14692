"""What the pipeline asks of a sink."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from events.broker.base import Record


class LogRecord(msgspec.Struct, frozen=True):
    """A record with the name of the log it stands in."""

    log: str
    record: Record


class Sink(Protocol):
    """Takes records exactly once: offsets are stored with what they led to, by the sink itself.

    Every method raises Unavailable when what it needs does not answer, and may then be called again unchanged.
    """

    def positions(self, logs: Sequence[str]) -> dict[str, int]:
        """Return for each log the smallest offset that anyone still needs, BEGINNING if all of it is needed.

        It also takes these as what is stored from now on.
        """
        ...

    def fill(self, starts: Mapping[str, int]) -> Iterator[None]:
        """Take from elsewhere what lies between the positions last asked for and where the logs now start.

        What is nowhere is counted and reported. Yields now and then; may be left at any time, and begun again.
        """
        ...

    def write(self, records: Sequence[LogRecord]) -> None:
        """Take these records, which follow each other; the last of them may be stored only by :meth:`finish`.

        Raises WentBack if what is stored is older than expected.
        """
        ...

    def finish(self) -> None:
        """Return once all that was written is stored. Raises WentBack."""
        ...

    def advance(self, positions: Mapping[str, int]) -> None:
        """Note how far each log has been read, also for those to whom nothing happened. Raises WentBack."""
        ...
