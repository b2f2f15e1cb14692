"""Threads that do what they are given, and that nothing waits for at the end."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from django.db import connections

P = ParamSpec("P")
T = TypeVar("T")


class WorkerPool(ThreadPoolExecutor):
    """Threads that close their own database connections at the end, and that no exit waits for.

    The standard pool's threads hold up the interpreter's exit for as long as the longest call, which may be for ever:
    nothing of it is used but its name, by which gRPC knows a method's own pool.
    """

    # not the standard pool's, whose threads we do without
    def __init__(self, n_threads: int, name: str = "grpc", begin: Callable[[], None] | None = None) -> None:
        """``begin``: what each thread does first."""
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._is_closed = False
        self._closing = threading.Lock()
        self._begin = begin
        self._workers = [threading.Thread(target=self._work, name=f"{name}-{n}", daemon=True) for n in range(n_threads)]
        for thread in self._workers:
            thread.start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        future: Future[T] = Future()

        def call() -> None:
            _settle(future, fn, args, kwargs)

        with self._closing:
            if self._is_closed:
                raise RuntimeError("The pool is closed.")
            self._calls.put(call)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  Executor's
        with self._closing:
            if not self._is_closed:
                self._is_closed = True
                for _ in self._workers:
                    self._calls.put(None)
        if wait:
            self.join(None)

    def join(self, timeout_seconds: float | None) -> bool:
        """Return whether all threads have ended within the time (None: however long it takes)."""
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        for thread in self._workers:
            thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._workers)

    def _work(self) -> None:
        if self._begin:
            self._begin()
        while (call := self._calls.get()) is not None:
            call()
            del call  # or the last call's request would live until the next one comes
        connections.close_all()


def _settle(future: "Future[Any]", fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = fn(*args, **kwargs)
    except BaseException as error:  # noqa: BLE001  the future carries it
        future.set_exception(error)
    else:
        future.set_result(result)
