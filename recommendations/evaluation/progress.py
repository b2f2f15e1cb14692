"""How far a long comparison is, and what was wrong with its files, on a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Tell = Callable[[str, int, int], None]
_MAX_PROBLEMS_SHOWN = 10


@contextmanager
def telling(console: Console) -> Iterator[Tell]:
    """Yield what is told a step, how much of it is done and of how much; each step has a bar of its own."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(step: str, n_done: int, n_total: int) -> None:
            if step not in tasks:
                tasks[step] = progress.add_task(step)
            progress.update(tasks[step], completed=n_done, total=n_total or None)

        yield tell


class Problems:
    """Prints the first few: ten thousand bad rows have one cause, and the report counts them."""

    def __init__(self, console: Console) -> None:
        self._console, self._n = console, 0

    def add(self, problem: str) -> None:
        self._n += 1
        if self._n <= _MAX_PROBLEMS_SHOWN:
            self._console.print(problem, style="red")
