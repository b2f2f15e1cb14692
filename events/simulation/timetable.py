"""When each event is due: functions of its number or its recorded time, never of when others were sent."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, takewhile

from events.simulation.actions import Action, Due

# A surge lasts a tenth of every ten seconds.
CYCLE_SECONDS = 10.0
SURGE_SHARE = 0.1
MAX_SURGE = 9.0


@dataclass(frozen=True, slots=True)
class Timetable:
    """``rate`` events a second on average; ``surge`` times as many during the first second of every ten, 1: even."""

    rate: float
    surge: float = 1.0

    def due(self, number: int) -> float:
        """Return when event ``number``, counted from 0, is due, in seconds after the start."""
        even = number / self.rate  # a quotient, not a sum of steps, so that no error grows
        if self.surge == 1.0:
            return even
        cycle, rest = divmod(even / CYCLE_SECONDS, 1.0)
        return (cycle + self._warped(rest)) * CYCLE_SECONDS

    def _warped(self, share: float) -> float:
        """Return at which share of its time a cycle has had this ``share`` of its events."""
        in_surge = SURGE_SHARE * self.surge
        if share < in_surge:
            return share / self.surge
        return SURGE_SHARE + (share - in_surge) * (1 - SURGE_SHARE) / (1 - in_surge)

    def plan(self, actions: Iterable[Action]) -> Iterator[Due]:
        return (Due(self.due(number), action) for number, action in enumerate(actions))


def as_recorded(rows: Iterable[tuple[float, Action]], *, speed_up: float) -> Iterator[Due]:
    """Keep order and gaps of recorded actions, whose times are in seconds, ``speed_up`` times as fast.

    A row that is older than the one before it comes at the same time as that one.
    """
    first: float | None = None
    latest = 0.0
    for at, action in rows:
        first = at if first is None else first
        latest = max(latest, (at - first) / speed_up)
        yield Due(latest, action)


def limited(plan: Iterable[Due], *, count: int | None, duration_seconds: float | None) -> Iterator[Due]:
    """Yield the plan as far as both limits go; None is no limit."""
    within = plan if duration_seconds is None else takewhile(lambda due: due.seconds < duration_seconds, plan)
    return islice(within, count)
