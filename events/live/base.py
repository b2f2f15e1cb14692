"""What any live state promises, whatever keeps it."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import msgspec

from events.live.changes import Changes

# A consumer that found no offset stored for a partition.
NO_OFFSET = -1


class LogEvent(msgspec.Struct, frozen=True):
    """What any state wants to know of an event, to take it once."""

    log: str
    offset: int
    event_id: bytes


class LiveEvent(LogEvent, frozen=True):
    """An event as the live state takes it. ``weight`` 0: no trend; ``occurred_at_seconds``: since the Unix epoch.

    ``shoppers``: ``u:<user id>`` and ``s:<session id>``, whichever are known. ``is_met``: the product becomes one of
    their recent ones. ``mark``: what else is noted of them, "" for nothing.
    """

    product_id: int
    weight: float
    occurred_at_seconds: float
    is_click: bool
    shoppers: tuple[str, ...] = ()
    is_met: bool = True
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """How far one call brings one log: from the offset its consumer believes in to ``next_offset``.

    ``bucket``: of the dedup window, by the log's own time; a call's events of one log all lie in one bucket.
    """

    log: str
    expect: int
    next_offset: int
    bucket: int


E = TypeVar("E", bound=LogEvent)


@dataclass(frozen=True, slots=True)
class Batch(Generic[E]):
    """One tenant's share of what was read. ``as_of_seconds``: the newest record's time.

    ``oldest_received_seconds``: when the first of the events was received.
    """

    tenant: str
    steps: list[Step]
    as_of_seconds: float
    events: list[E] = field(default_factory=list)
    oldest_received_seconds: float = math.inf


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a batch: ``skipped`` lay below the stored offset, ``duplicates`` had a known event id.

    ``seconds``: how long it kept everybody else waiting, as far as is known.
    """

    n_applied: int
    n_duplicates: int
    n_skipped: int
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class Shopper:
    """What is known of a shopper.

    ``recent``: products, newest first, with the seconds when each was last met. ``marks``: what else was noted
    (``<kind>:<product id>``), with the seconds when it was last.
    """

    recent: list[tuple[int, float]]
    marks: dict[str, float]


@dataclass(frozen=True, slots=True)
class Moved:
    """How many recent products and marks went."""

    n_recent: int
    n_marks: int


class WentBack(Exception):
    """The stored offset is behind what its consumer expects: the state was restored. Nothing was changed."""


class Rejected(Exception):
    """The state cannot take this batch, however often it is tried: a key holds something of another type."""


class ExactState(Protocol[E]):
    """A state of all tenants that counts each event once. Raises Unavailable when the store cannot be reached."""

    def offsets(self, tenants: Iterable[str], logs: Iterable[str]) -> Mapping[tuple[str, str], int]:
        """Return the stored offset of each tenant and log, ``NO_OFFSET`` where there is none."""
        ...

    def apply(self, batch: Batch[E]) -> Applied:
        """Apply the batch's events and store its offsets, both or neither. Raises WentBack or Rejected."""
        ...

    def send(self, batch: Batch[E]) -> None:
        """Let the batch be applied, behind those that were sent before, while the caller does something else."""
        ...

    def result(self) -> Applied:
        """Wait for what became of the oldest batch that was sent. Raises WentBack or Rejected."""
        ...

    def drop(self) -> None:
        """Leave what was sent to its fate. So must be done after an error, if there are others under way."""
        ...

    def forget(self, tenant: str, shopper: str, until_seconds: float) -> Moved:
        """Forget what the shopper did until then (infinity: all), and return how much that was."""
        ...

    def merge(self, tenant: str, from_shopper: str, to_shopper: str, until_seconds: float) -> Moved:
        """Move what the one did until then to the other, whose newer times hold; return how much that was."""
        ...


class LiveState(ExactState[LiveEvent], Protocol):
    """The counters and trends of all tenants."""

    def shopper(self, tenant: str, shopper: str) -> Shopper:
        """Return what is known of a shopper (``u:<user id>`` or ``s:<session id>``); nothing of a stranger."""
        ...

    def products(self, tenant: str) -> Changes:
        """Return every product that is not forgotten."""
        ...
