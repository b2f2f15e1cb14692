"""Several processes behind one port: forked first, watched, replaced when they die, and stopped together."""

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import structlog

from sdr import exposition
from sdr.rpc import ports
from sdr.rpc.serving import ServeOptions, serve

log = structlog.get_logger(__name__)

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
# A process that dies younger than this is not replaced: the next one would do the same.
MIN_LIFE_SECONDS = 5.0
STUCK = 3
"""Exit status of a process that left hanging calls behind."""


class DiedAtStart(Exception):
    """A process ended before it could serve; its own lines say why."""


def serve_together(options: ServeOptions, on_start: Callable[[str], None]) -> bool:
    """Serve from ``options.n_processes`` until SIGTERM or SIGINT; return whether every call came to its end.

    Raises AddressTakenError, and DiedAtStart. Nothing that does not survive a fork may exist yet: no gRPC object, no
    thread, no client.
    """
    if threading.active_count() > 1:
        names = ", ".join(thread.name for thread in threading.enumerate())
        raise RuntimeError(f"A process with threads cannot be forked: {names}.")
    with ExitStack() as stack:

        def hold(address: str) -> str:
            return stack.enter_context(ports.held(address, with_others=options.hands_over))

        address, metrics_address = hold(options.address), options.metrics_address
        options = replace(options, address=address, metrics_address=metrics_address and hold(metrics_address))
        return _Family(options).run(lambda: on_start(address))


class _Family:
    def __init__(self, options: ServeOptions) -> None:
        self._options = options
        self._fork = multiprocessing.get_context("fork")
        self._born_at: dict[BaseProcess, float] = {}
        # Signals wake the wait below; a handler that only set a flag would let it sleep on.
        self._stopped, self._stop = self._fork.Pipe(duplex=False)

    def run(self, on_start: Callable[[], None]) -> bool:
        for number in STOP_SIGNALS:
            signal.signal(number, lambda *_: self._stop.send(True))
        for _ in range(self._options.n_processes):
            self._bear()
        try:
            on_start()
            while not self._stopped.poll():
                wait([self._stopped, *(process.sentinel for process in self._born_at)])
                if not self._stopped.poll():
                    self._replace_dead()
        finally:
            statuses = self._end()
        return STUCK not in statuses

    def _bear(self) -> None:
        is_serving, tell = self._fork.Pipe(duplex=False)
        process = self._fork.Process(target=_child, args=(self._options, tell), name="grpc")
        # A child that is told to stop before it has handlers of its own would tell us instead, and live on.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        process.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        tell.close()
        self._born_at[process] = time.monotonic()
        _await_serving(process, is_serving, self._stopped)

    def _replace_dead(self) -> None:
        for process in [process for process in self._born_at if not process.is_alive()]:
            age = time.monotonic() - self._born_at.pop(process)
            log.error("grpc process died", pid=process.pid, status=process.exitcode)
            exposition.forget(process.pid)
            if age < MIN_LIFE_SECONDS:
                raise DiedAtStart(f"gRPC process {process.pid} ended with {process.exitcode} after {age:.1f} s.")
            self._bear()

    def _end(self) -> list[int | None]:
        for process in self._born_at:
            process.terminate()
        for process in self._born_at:
            process.join()
            exposition.forget(process.pid)
        return [process.exitcode for process in self._born_at]


def _await_serving(process: BaseProcess, is_serving: Connection, stopped: Connection) -> None:
    with is_serving:
        wait([is_serving, process.sentinel, stopped])
        if not is_serving.poll() and not stopped.poll():
            process.join()
            raise DiedAtStart(f"gRPC process {process.pid} ended with {process.exitcode} before it served.")


def _child(options: ServeOptions, tell: Connection) -> None:
    stop = stop_signal()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    threading.Thread(target=_follow_parent, args=(stop,), daemon=True).start()
    has_ended = serve(options, stop, lambda _server: tell.send(True))
    raise SystemExit(0 if has_ended else STUCK)


def _follow_parent(stop: threading.Event) -> None:
    """Stop with a parent that was killed: nobody else would stop this process, and it holds the port."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        stop.set()


def stop_signal() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: stop.set())
    return stop
