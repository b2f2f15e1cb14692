"""A run: a plan, sent by the clock through the doors, until it ends or is told to."""

import threading
import time
from collections.abc import Iterable, Sequence

from events.services import MAX_EVENTS
from events.simulation.actions import Due
from events.simulation.doors import Door
from events.simulation.lanes import Lanes, Start
from events.simulation.pacing import paced
from events.simulation.tally import Tally
from sdr import clock


class Run:
    """Counts in ``tally``; whoever sets ``stopping`` lets it send what is at hand, and no more."""

    def __init__(self, plan: Iterable[Due], doors: Sequence[Door], tally: Tally, stopping: threading.Event) -> None:
        self._plan, self._doors, self._tally, self._stopping = plan, doors, tally, stopping
        self._started_at = time.monotonic()

    def elapsed(self) -> float:
        return time.monotonic() - self._started_at

    def wait(self, seconds: float) -> bool:
        return self._stopping.wait(seconds)

    def run(self) -> None:
        """Return when everything was sent and answered; raises what the plan or a door failed with."""
        self._started_at = time.monotonic()
        lanes = Lanes(self._doors, self._tally, Start(clock.now_seconds(), self.elapsed), self._stopping)
        try:
            for batch in paced(self._plan, self, MAX_EVENTS):
                lanes.put(batch)
                if self._stopping.is_set():
                    break
        finally:
            lanes.close()
            for door in self._doors:
                door.close()
