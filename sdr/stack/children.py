"""One process of the stack, which ends when the stack does, even if the stack is killed."""

import ctypes
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import Any

from honcho.process import Popen, Process

PR_SET_PDEATHSIG = 1
# Loaded here and not in the child, where between fork and exec little may be done.
_libc = ctypes.CDLL(None)


class StackProcess(Process):
    """honcho's process: a small runner of its own that reads the lines of the command it starts."""

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:  # noqa: FBT001, FBT002  honcho's signature
        # Ctrl-C reaches the runner too, as part of the terminal's process group: the stack alone decides.
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, signal.SIG_IGN)
        die_with_parent(signal.SIGKILL)
        self._child_ctor = _launch
        super().run(events, ignore_signals)


class Signals:
    """How honcho signals a command, which leads a process group, by its pid."""

    def terminate(self, pid: int) -> None:
        # The leader alone: granian and Celery stop their own workers in order.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)

    def kill(self, pid: int) -> None:
        _kill_group(pid)


def die_with_parent(signum: signal.Signals) -> None:
    """Ask the kernel to send ``signum`` when the parent ends. Linux only: elsewhere a killed stack leaves orphans."""
    if sys.platform == "linux":
        _libc.prctl(PR_SET_PDEATHSIG, int(signum))


def _launch(command: list[str], **options: Any) -> Popen:
    child = Popen(command, shell=False, preexec_fn=_begin, **options)
    threading.Thread(target=_sweep, args=[child], daemon=True).start()
    return child


def _begin() -> None:
    die_with_parent(signal.SIGTERM)
    for signum in (signal.SIGINT, signal.SIGTERM):  # the runner ignores them, and that would be inherited
        signal.signal(signum, signal.SIG_DFL)


def _sweep(child: Popen) -> None:
    """When a command has ended, end what it left in its group: workers would hold its output open, and its port."""
    child.wait()
    _kill_group(child.pid)


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
