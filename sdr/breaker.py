"""Not asking again a server that has just failed to answer."""

import threading
import time
from collections.abc import Callable

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 1.0


class Breaker:
    """After a failure nobody passes for a while; then one caller tries, and the others wait for how it fares.

    The pause doubles with each failure in a row, up to ``LONGEST_PAUSE_SECONDS``.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._n_failures = 0
        self._is_tried = False
        self._closed_until = float("-inf")

    def lets_pass(self) -> bool:
        if not self._n_failures:
            return True
        with self._lock:
            if self._now() < self._closed_until:
                return False
            # Whoever comes while this one tries is refused. By time, not by a flag that a lost thread would leave set.
            self._closed_until = self._now() + LONGEST_PAUSE_SECONDS
            self._is_tried = True
            return True

    def succeeded(self) -> None:
        if self._n_failures:
            with self._lock:
                self._n_failures, self._is_tried = 0, False

    def failed(self) -> None:
        with self._lock:
            # Callers who were under way together are one failure, not many.
            if self._n_failures and not self._is_tried:
                return
            pause = min(FIRST_PAUSE_SECONDS * 2**self._n_failures, LONGEST_PAUSE_SECONDS)
            self._closed_until = self._now() + pause
            self._n_failures = min(self._n_failures + 1, 10)
            self._is_tried = False
