"""An open loop: the plan is followed by the clock, whatever the receiver does."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from events.simulation.actions import Due

# How often what fell due is gathered: the latest that an event leaves on a machine with time to spare.
TICK_SECONDS = 0.01


class Clock(Protocol):
    """Time since the start."""

    def elapsed(self) -> float: ...

    def wait(self, seconds: float) -> bool:
        """Wait as long; return at once, and True, when the run is to end."""
        ...


def paced(plan: Iterable[Due], clock: Clock, max_events: int) -> Iterator[list[Due]]:
    """Yield what is due, in order, at most ``max_events`` together, never early; late rather than fewer."""
    batch: list[Due] = []
    for due in plan:
        if batch and (len(batch) >= max_events or due.seconds > clock.elapsed()):
            yield batch
            batch = []
        while (early := due.seconds - clock.elapsed()) > 0:
            if clock.wait(max(early, TICK_SECONDS)):
                return
        batch.append(due)
    if batch:
        yield batch
