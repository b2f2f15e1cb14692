"""Waiting for another process, with an end."""

import time
from collections.abc import Callable

ASK_EVERY_SECONDS = 0.01


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask until ``condition`` holds; return whether it did in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(ASK_EVERY_SECONDS)
    return True
