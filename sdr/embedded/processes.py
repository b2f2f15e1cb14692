"""Engine processes: started in a session of their own, recognised by their command line, stopped by pid."""

import os
import signal
import subprocess
from pathlib import Path

import psutil

from sdr.embedded.errors import EngineError
from sdr.embedded.registry import Holder
from sdr.embedded.waiting import wait_until

# Kept for as long as this process lives: a Popen that is collected earlier warns about its running child.
_children: dict[int, subprocess.Popen[bytes]] = {}


def spawn(command: list[str], log: Path, *, user: str | None = None, cwd: Path = Path("/")) -> int:
    """Start an engine out of reach of the terminal's Ctrl-C and return its pid; ``log`` keeps its last run's output."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  our own binaries with our own arguments
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, user=user, cwd=cwd
        )
    _children[process.pid] = process
    return process.pid


def is_ours(pid: int, marker: str) -> bool:
    """Return whether ``pid`` lives and its command line ends a word with ``marker``: no stranger's does."""
    if child := _children.get(pid):
        return child.poll() is None  # its command line is not there yet in the first moment
    try:
        words = psutil.Process(pid).cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    return any(word == marker or word.rstrip().endswith(f" {marker}") for word in words)


def this_process(command: str) -> Holder:
    return Holder(pid=os.getpid(), started_at=psutil.Process().create_time(), command=command)


def is_alive(holder: Holder) -> bool:
    """Return whether the holder's process still lives; within two seconds, for the kernel's boot time is corrected."""
    try:
        process = psutil.Process(holder.pid)
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - holder.started_at) < 2  # noqa: PLR2004
    except psutil.NoSuchProcess:
        return False


def stop(pid: int, marker: str, *, by: signal.Signals = signal.SIGTERM, within_seconds: float = 30) -> None:
    """Ask the process to end and wait for it; kill it only when it does not. A stranger's pid is left alone."""
    for signum, patience in ((by, within_seconds), (signal.SIGKILL, 5.0)):
        if is_ours(pid, marker):
            os.kill(pid, signum)
        if wait_until(lambda: not is_ours(pid, marker), patience):
            _reap(pid)
            return
    raise EngineError(f"Process {pid} ({marker}) does not end, even killed. It may hang in a disk: look at `ps {pid}`.")


def _reap(pid: int) -> None:
    if child := _children.pop(pid, None):
        child.wait()


def last_lines(log: Path, n: int = 5) -> str:
    """Return the end of an engine's log, for a message."""
    return "\n".join(f"  {line}" for line in log.read_text(errors="replace").splitlines()[-n:])
