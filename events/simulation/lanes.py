"""Threads that send, each with a door of its own. A shopper keeps to one lane, so that their events stay in order."""

import threading
import uuid
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from queue import Empty, Full, Queue
from typing import Any

from events.simulation.actions import Due, as_event
from events.simulation.doors import Door
from events.simulation.tally import Tally

# Few: what waits here has left the timetable, and is memory.
_MAX_WAITING = 2
_POLL_SECONDS = 0.05


class Start:
    """The instant of the timetable's zero: on the wall for what events say, ``elapsed`` for keeping to it."""

    def __init__(self, at_seconds: float, elapsed: Callable[[], float]) -> None:
        self.at_seconds, self.elapsed = at_seconds, elapsed

    def event(self, due: Due) -> dict[str, Any]:
        occurred_at = datetime.fromtimestamp(self.at_seconds + due.seconds, UTC)
        # Not from the seed: with the ids of an earlier run, this one's events would count as its repetitions.
        return as_event(due.action, uuid.uuid4(), occurred_at)


class Lanes:
    """All the lanes of a run. ``stopping`` is set when one of them fails, and lets :meth:`put` return."""

    def __init__(self, doors: Sequence[Door], tally: Tally, start: Start, stopping: threading.Event) -> None:
        self._tally, self._start, self._stopping = tally, start, stopping
        self._queues: list[Queue[list[Due]]] = [Queue(_MAX_WAITING) for _ in doors]
        self._no_more = threading.Event()
        self._threads = ThreadPoolExecutor(len(doors), thread_name_prefix="lane")
        self._work = [self._threads.submit(self._send, *pair) for pair in zip(doors, self._queues, strict=True)]
        for work in self._work:
            work.add_done_callback(self._on_end)

    def put(self, batch: Sequence[Due]) -> None:
        """Hand the batch over, waiting while the lanes are full; what is left at a stop is not sent."""
        shares: dict[int, list[Due]] = defaultdict(list)
        for due in batch:
            shares[zlib.crc32(due.action.shopper.encode()) % len(self._queues)].append(due)
        for place, share in shares.items():
            self._put(self._queues[place], share)

    def close(self) -> None:
        """Let the lanes send what they were given; raises what a lane failed with."""
        self._no_more.set()
        self._threads.shutdown()
        for work in self._work:
            work.result()

    def _put(self, queue: Queue[list[Due]], share: list[Due]) -> None:
        while not self._stopping.is_set():
            try:
                queue.put(share, timeout=_POLL_SECONDS)
            except Full:
                continue
            return

    def _send(self, door: Door, queue: Queue[list[Due]]) -> None:
        while True:
            try:
                batch = queue.get(timeout=_POLL_SECONDS)
            except Empty:
                if self._no_more.is_set():
                    return
                continue
            self._tally.sending(len(batch), self._start.elapsed() - batch[0].seconds)
            self._tally.answered(door.send([self._start.event(due) for due in batch]))

    def _on_end(self, work: Future[None]) -> None:
        if work.exception() is not None:
            self._stopping.set()
