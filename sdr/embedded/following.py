"""Run a command that ends when its parent does: ``python -m sdr.embedded.following COMMAND …``.

A killed test run or `make kafka` cannot stop what it started; the kernel can. Linux only: elsewhere the next start
finds what was left.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def following(command: list[str]) -> list[str]:
    """Return ``command`` as one that ends, by SIGTERM, with the thread that starts it."""
    return [sys.executable, "-m", "sdr.embedded.following", str(os.getpid()), *command]


def main(parent: int, command: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))
    if os.getppid() == parent:  # else it died before the kernel was asked
        os.execvp(command[0], command)  # noqa: S606  the caller's own command, in place of this process


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
