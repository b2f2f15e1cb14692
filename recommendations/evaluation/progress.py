"""How far a long comparison is, and what was wrong with its files: bars on a terminal, else a line now and then."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Tell = Callable[[str, int, int], None]
_MAX_PROBLEMS_SHOWN = 10
# Where there is no terminal a line is written no more often than this.
LINE_SECONDS = 30.0


@contextmanager
def telling(console: Console) -> Iterator[Tell]:
    """Yield what is told a step, how much of it is done and of how much; each step has a bar of its own."""
    if not console.is_terminal:
        yield Lines(console).tell
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(step: str, n_done: int, n_total: int) -> None:
            if step not in tasks:
                tasks[step] = progress.add_task(step)
            progress.update(tasks[step], completed=n_done, total=n_total or None)

        yield tell


@dataclass(slots=True)
class Lines:
    """Writes a line for a step that takes long: how much is done, and for how long it will go on at that pace."""

    console: Console
    clock: Callable[[], float] = time.monotonic
    _began: dict[str, float] = field(default_factory=dict)
    _written_at: float | None = None

    def tell(self, step: str, n_done: int, n_total: int) -> None:
        now = self.clock()
        began = self._began.setdefault(step, now)
        if self._written_at is None:
            self._written_at = now
        if now - self._written_at < LINE_SECONDS:
            return
        self._written_at = now
        left = f", about {(now - began) * (n_total - n_done) / n_done:.0f} s left" if 0 < n_done < n_total else ""
        self.console.print(f"{step}: {n_done:,} of {n_total:,}{left}")


class Problems:
    """Prints the first few: ten thousand bad rows have one cause, and the report counts them."""

    def __init__(self, console: Console) -> None:
        self._console, self._n = console, 0

    def add(self, problem: str) -> None:
        self._n += 1
        if self._n <= _MAX_PROBLEMS_SHOWN:
            self._console.print(problem, style="red")
