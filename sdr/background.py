"""Things a process has one of, and threads that serve them: made on first use, and never carried over a fork."""

import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog
from django.db import connections

from sdr import patience

log = structlog.get_logger(__name__)

T = TypeVar("T")


class PerProcess(Generic[T]):
    """One T per process. ``make`` runs on first use; a forked child forgets what its parent made and makes its own."""

    def __init__(self, make: Callable[[], T], end: Callable[[T], None]) -> None:
        self._make = make
        self._end = end
        self._made: T | None = None
        self._making = threading.Lock()
        os.register_at_fork(after_in_child=self._forget)

    def get(self) -> T:
        made = self._made
        return made if made is not None else self._get_first()

    def end(self) -> None:
        """End what was made; the next :meth:`get` makes another."""
        with self._making:
            made, self._made = self._made, None
        if made is not None:
            self._end(made)

    def _get_first(self) -> T:
        patience.about_to_wait()  # to make it may take a file, a server, or another thread that is at it
        with self._making:
            if self._made is None:
                self._made = self._make()
            return self._made

    def _forget(self) -> None:
        # The lock too: another thread of the parent may have held it at the fork.
        self._making = threading.Lock()
        self._made = None


class Repeating:
    """A thread that calls ``step`` again and again, ``seconds`` apart, whatever goes wrong in it.

    The first time after ``seconds``, or ``at_once``.
    """

    def __init__(self, step: Callable[[], None], *, seconds: float, name: str, at_once: bool = False) -> None:
        self._step = step
        self._first_wait = 0.0 if at_once else seconds
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Return when the thread has ended."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        seconds = self._first_wait
        while not self._stopping.wait(seconds):
            seconds = self._seconds
            try:
                self._step()
            except Exception:  # without this thread the process would go on with what it knows now, for ever
                log.exception("background step failed", thread=self._thread.name)
        connections.close_all()
