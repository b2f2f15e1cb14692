"""Who may wait for Kafka: few at a time, and nobody while it does not answer."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sdr.exceptions import Unavailable


class Admission:
    """Keeps a broker's outage from taking every thread of a server.

    At most ``max_waiters`` callers wait at once. After a wait that ended without any acknowledgement the circuit is
    open: callers are turned away at once for ``reopen_seconds``, then one at a time is let through until one succeeds
    (Nygard: "Release It!", Circuit Breaker).
    """

    def __init__(self, max_waiters: int, reopen_seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_waiters, self._reopen_seconds, self._clock = max_waiters, reopen_seconds, clock
        self._n_waiting = 0
        self._open_until: float | None = None
        self._lock = threading.Lock()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Hold a place while waiting; raises Unavailable where there is none."""
        with self._lock:
            self._check()
            self._n_waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self._n_waiting -= 1

    def report(self, *, was_acknowledged: bool) -> None:
        """Say how a wait ended."""
        with self._lock:
            self._open_until = None if was_acknowledged else self._clock() + self._reopen_seconds

    def _check(self) -> None:
        if self._n_waiting >= self._max_waiters:
            raise Unavailable("Too many callers wait for Kafka already.")
        if self._open_until is None:
            return
        if self._clock() < self._open_until or self._n_waiting:
            raise Unavailable("Kafka does not acknowledge events now.", retry_after_seconds=2)
