"""What any broker promises."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

import msgspec


class Partition(NamedTuple):
    """One partition of a topic."""

    topic: str
    number: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish; messages of one key stay in order. ``partition`` None: the one that the key leads to."""

    topic: str
    key: str
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None


class Outcome(StrEnum):
    """What became of a message. Unknown: no word in time; it may have arrived, so send it again with the same id."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class Publisher(Protocol):
    """The way in."""

    def publish(self, messages: Sequence[Outgoing], *, timeout_seconds: float) -> list[Outcome]:
        """Wait for the acknowledgements; return each message's outcome, in order.

        Raises Unavailable, at once, if not one of them could be sent.
        """
        ...

    def enqueue(self, messages: Sequence[Outgoing]) -> list[Outcome]:
        """Take the messages into the buffer without waiting: accepted then means no more than that.

        Raises Unavailable if there is no room for any of them.
        """
        ...


class Record(msgspec.Struct, frozen=True):  # a tenth of what a frozen dataclass costs, and there are 30,000 a second
    """A message as it stands in the log; ``timestamp_ms`` is the log's own time.

    ``headers`` are read where they are asked for: the topics of events have none.
    """

    partition: Partition
    offset: int
    timestamp_ms: int
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


# Where to begin when nothing is stored.
BEGINNING = -1


class Source(Protocol):
    """The way out, for one member of a consumer group. Not for use by several threads."""

    def read(self, max_records: int, timeout_seconds: float) -> list[Record]:
        """Return what has come, at most ``max_records``; empty after ``timeout_seconds``."""
        ...

    @property
    def generation(self) -> int:
        """A number that moves on with every change of the assignment, or of the logs; 0 before the first.

        It changes only within :meth:`read`. After a change nothing is read until :meth:`seek` says from where.
        """
        ...

    def assigned(self) -> frozenset[Partition]:
        """Return the partitions that are this member's now."""
        ...

    def positions(self) -> dict[Partition, int]:
        """Return the offset after the last record read, for the partitions where that is known."""
        ...

    def log_of(self, partition: Partition) -> str:
        """Return ``topic@incarnation/partition``: a topic that was created anew is another log. Raises Unavailable."""
        ...

    def seek(self, offsets: dict[Partition, int]) -> None:
        """Read on from these offsets (``BEGINNING``: the oldest there is); what was fetched is dropped."""
        ...

    def starts(self) -> dict[Partition, int]:
        """Return where the log of each assigned partition begins now. Raises Unavailable."""
        ...

    def pause(self) -> None:
        """Stop fetching, so that :meth:`read` keeps the membership and returns nothing."""
        ...

    def resume(self) -> None:
        """Fetch again."""
        ...

    def lag(self) -> dict[Partition, int]:
        """Return how many records of each assigned partition are still to be read, as far as is known."""
        ...

    def close(self) -> None:
        """Leave the group."""
        ...
