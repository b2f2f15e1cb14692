"""Waiting for what another process or thread brings about, without sleeping longer than it takes."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(probe: Callable[[], T], *, seconds: float = 20, every_seconds: float = 0.02) -> T:
    """Call ``probe`` until it returns something true, and return that; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (found := probe()):
        if time.monotonic() > deadline:
            raise AssertionError(f"Not within {seconds} s: {probe}")
        pause.wait(every_seconds)
    return found
