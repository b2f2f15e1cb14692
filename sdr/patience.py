"""Waiting for Postgres, in time or not at all, for threads that others wait for.

Postgres' own limits (``connect_timeout``, ``statement_timeout``) end what takes long. They do not help against one that
hangs: it accepts and says nothing, and whoever asks waits for ever. A few threads do that in the place of those that
must not, which wait for them a moment and then go on as without Postgres.

One thread must not wait at all, for anybody: the one through which all that happens to gRPC's calls comes. It answers
what can be answered :func:`at_once`, and hands on what cannot.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from django.db import OperationalError, close_old_connections

from sdr.workers import WorkerPool

T = TypeVar("T")

# Where Postgres is well, a question takes some milliseconds, and as much again for a connection.
SECONDS = 2.0
# So much of that may pass before somebody is free to ask.
QUEUE_SECONDS = 0.25
_SILENCE = "Postgres does not answer in time."


class Askers:
    """Threads that ask. Once one of them is overdue nobody waits for the others: it is the first to hear again."""

    def __init__(self, n_threads: int) -> None:
        self._pool = WorkerPool(n_threads, "asks-postgres")
        self._free = threading.BoundedSemaphore(n_threads)
        self._asked_at: dict[int, float] = {}

    def ask(self, question: Callable[[], T]) -> T:
        """Return what ``question`` returns and raise what it raises; OperationalError where that takes too long."""
        began = time.monotonic()
        if self._is_overdue(began) or not self._free.acquire(timeout=QUEUE_SECONDS):
            raise OperationalError(_SILENCE)
        future = self._pool.submit(partial(self._answer, question))
        # A question that nobody waits for any more is asked to its end: it cannot be taken back.
        try:
            return future.result(began + SECONDS - time.monotonic())
        except TimeoutError as error:
            raise OperationalError(_SILENCE) from error

    def close(self) -> None:
        """End the threads; one that hangs is left behind."""
        self._pool.shutdown(wait=False)
        self._pool.join(SECONDS)

    def _answer(self, question: Callable[[], T]) -> T:
        this = threading.get_ident()
        self._asked_at[this] = time.monotonic()
        try:
            close_old_connections()
            return question()
        finally:
            del self._asked_at[this]
            self._free.release()

    def _is_overdue(self, now: float) -> bool:
        return any(now - asked_at > SECONDS for asked_at in tuple(self._asked_at.values()))


class MustWait(BaseException):
    """What was begun :func:`at_once` has come to where it would wait. No error: nobody but its caller may catch it."""


class _Own(threading.local):
    askers: Askers | None = None
    may_wait = True


_own = _Own()


def let_ask(askers: Askers) -> None:
    """Have what this thread asks from now on be asked by ``askers``."""
    _own.askers = askers


def ask(question: Callable[[], T]) -> T:
    """Return what ``question`` finds in Postgres, asked here, or by this thread's askers if it has some.

    Raises what it raises, and OperationalError where that takes too long.
    """
    about_to_wait()
    if _own.askers is not None:
        return _own.askers.ask(question)
    this = threading.get_ident()
    _asking_since[this] = time.monotonic()
    try:
        return question()
    finally:
        _asking_since.pop(this, None)


def at_once(work: Callable[[], None]) -> bool:
    """Do ``work`` here and now; return False where it was given up, because it would have had to wait.

    Then it is done again by who may wait. So what counts (calls, answers) is counted after the last wait.
    """
    _own.may_wait = False
    try:
        work()
    except MustWait:
        return False
    finally:
        _own.may_wait = True
    return True


def about_to_wait() -> None:
    """Say so before waiting for a server, or for a thread that may wait for one; raises MustWait where nobody may."""
    if not _own.may_wait:
        raise MustWait


# By thread: those that ask by themselves, and wait however long it takes.
_asking_since: dict[int, float] = {}


class Lock:
    """One under which Postgres is asked, among other things."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder = 0

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Hold the lock meanwhile; False without it, for a thread with askers while the holder waits for Postgres."""
        about_to_wait()
        is_held = self._acquire()
        try:
            yield is_held
        finally:
            if is_held:
                self._lock.release()

    def _acquire(self) -> bool:
        if _own.askers is None:
            self._lock.acquire()
        else:
            while not self._lock.acquire(timeout=SECONDS):
                if time.monotonic() - _asking_since.get(self._holder, math.inf) > SECONDS:
                    return False
        self._holder = threading.get_ident()
        return True
