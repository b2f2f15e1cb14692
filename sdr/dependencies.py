"""What SDR leans on, and whether it is well: asked all at once, each for a second at most, and not twice a second."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

Check = Callable[[], str | None]
"""Answers None when all is well, else a short text of what is wrong. It may also raise."""

TIMEOUT_SECONDS = 1.0
REMEMBERED_SECONDS = 1.0
MISSING = "missing"
REQUIRED = ("postgres", "redis", "kafka", "celery", "index")

_checks: dict[str, Check] = {}


def register_dependency(name: str, check: Check) -> None:
    """Have ``check`` asked under ``name``; an app's ``ready()`` is the place. The last one registered counts."""
    _checks[name] = check


def statuses() -> dict[str, str]:
    """Return "ok" or what is wrong, for every dependency."""
    global _asker  # noqa: PLW0603  threads do not survive a fork, so each process has an asker of its own
    if _asker.pid != os.getpid():
        _asker = _Asker()
    return _asker.statuses()


def ask(name: str) -> str | None:
    """Return what is wrong with one dependency, None if it is well: here and now, for however long its check takes."""
    check = _checks.get(name)
    if check is None:
        return MISSING
    try:
        return check()
    except Exception as error:  # noqa: BLE001  whatever it is, it is what is wrong
        return _first_line(error)


class _Asker:
    def __init__(self) -> None:
        self.pid = os.getpid()
        self._pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix="dependency")
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._asked: dict[str, Future[str | None]] = {}

    def statuses(self) -> dict[str, str]:
        with self._lock:
            if time.monotonic() - self._asked_at > REMEMBERED_SECONDS:
                self._ask()
            asked, until = dict(self._asked), self._asked_at + TIMEOUT_SECONDS
        # Whoever comes while the answers are under way waits for the same ones.
        wait(asked.values(), timeout=max(0.0, until - time.monotonic()))
        names = [*REQUIRED, *sorted(set(asked) - set(REQUIRED))]
        return {name: _text(asked.get(name)) for name in names}

    def _ask(self) -> None:
        self._asked_at = time.monotonic()
        for name, check in _checks.items():
            previous = self._asked.get(name)
            # A check that hangs keeps its one thread: asking again would take another.
            if previous is None or previous.done():
                self._asked[name] = self._pool.submit(check)


def _text(answer: Future[str | None] | None) -> str:
    if answer is None:
        return MISSING
    if not answer.done():
        return f"no answer within {TIMEOUT_SECONDS:g} s"
    if error := answer.exception():
        return _first_line(error)
    return answer.result() or "ok"


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), "") or type(error).__name__


_asker = _Asker()
