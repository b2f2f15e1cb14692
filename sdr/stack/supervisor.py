"""honcho's manager, which also knows why it stopped."""

import os
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from honcho.manager import SYSTEM_PRINTER_NAME, Manager
from honcho.printer import Message, Printer

from sdr.embedded.waiting import wait_until
from sdr.stack.children import Signals, StackProcess

START_SECONDS = 10.0
GRACE_SECONDS = 10.0

WhenStarted = Callable[[Callable[[str], None], threading.Event], None]
"""Called in a thread of its own with a way to print lines and with the event that says "stopping"."""


class Supervisor(Manager):
    """Runs the commands together: when one ends, or somebody asks, all do."""

    def __init__(self, commands: dict[str, list[str]], *, cwd: Path, when_started: WhenStarted) -> None:
        self._last_lines = LastLines()
        super().__init__(self._last_lines)
        self._process_ctor = StackProcess
        self._procmgr = Signals()
        self._when_started = when_started
        self._stopping = threading.Event()
        self._asked = False
        self._failure: str | None = None
        environment = os.environ | {"PYTHONUNBUFFERED": "1"}
        for name, command in commands.items():
            self.add_process(name, command, env=environment, cwd=cwd)

    def run(self) -> str | None:
        """Return what ended the run, or None when somebody asked for the end."""
        self.loop()
        return self._failure

    def say(self, text: str) -> None:
        """Print lines among the processes' own; from any thread."""
        message = Message(type="line", data=text, time=datetime.now(UTC), name=SYSTEM_PRINTER_NAME, colour=None)
        self.events.put(message)

    def terminate(self) -> None:
        if not self._asked and self._failure is None:
            self._failure = self._describe_failure()
        self._stopping.set()
        if not self._terminating:
            patience = threading.Timer(GRACE_SECONDS, self.kill)
            patience.daemon = True
            patience.start()
        super().terminate()

    def _system_print(self, data: str) -> None:
        self.say(data)  # honcho would print at once, in the middle of another thread's line

    def _start(self) -> None:
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, self._on_signal)
        super()._start()
        threading.Thread(target=self._when_started, args=[self.say, self._stopping], daemon=True).start()

    def _on_signal(self, _signum: int, _frame: FrameType | None) -> None:
        # Not here: a handler may interrupt a print, and must not print itself.
        asked_before, self._asked = self._asked, True
        threading.Thread(target=self._stop, args=[asked_before], daemon=True).start()

    def _stop(self, asked_before: bool) -> None:  # noqa: FBT001
        if asked_before:
            self.kill()
        elif wait_until(self._all_started, START_SECONDS):  # until then honcho knows no pid to signal
            self.say("stopping; Ctrl-C again kills what does not end by itself")
            self.terminate()

    def _describe_failure(self) -> str:
        ended = {name: process["returncode"] for name, process in self._processes.items() if "returncode" in process}
        return " ".join(
            f"{name} {describe_end(returncode)}, so the rest was stopped. Its last line: {self._last_lines.of(name)}"
            for name, returncode in ended.items()
        )


class LastLines(Printer):
    """honcho's printer, which remembers the last line of each process."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: dict[str, str] = {}

    def write(self, message: Any) -> None:
        super().write(message)
        text = message.data.decode(errors="replace") if isinstance(message.data, bytes) else message.data
        if text.strip():
            self._lines[message.name] = text.strip()

    def of(self, name: str) -> str:
        return self._lines.get(name, "(it wrote nothing)")


def describe_end(returncode: int) -> str:
    """Return how a process ended, in words: an exit status, or the signal that a negative one stands for."""
    if returncode < 0:
        return f"was ended by {signal.Signals(-returncode).name}"
    return f"ended with exit status {returncode}"
