"""What the person at the terminal sees while events are sent, and at the end."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console

from events.simulation.tally import Counts, Tally

LINE_SECONDS = 1.0


class Line:
    """The live line. The rate is that since the line before."""

    def __init__(self, tally: Tally, elapsed: Callable[[], float], consumer_lag: Callable[[], int | None]) -> None:
        self._tally, self._elapsed, self._consumer_lag = tally, elapsed, consumer_lag
        self._n_before, self._at_before = 0, 0.0

    def text(self) -> str:
        counts, now = self._tally.counts(), self._elapsed()
        rate = (counts.n_sent - self._n_before) / max(now - self._at_before, 1e-9)
        self._n_before, self._at_before = counts.n_sent, now
        lag = self._consumer_lag()
        behind = f"  behind {counts.late_seconds:.2f} s"
        return f"{now:6.1f} s  {rate:,.0f}/s  {_figures(counts)}{behind}" + (
            "" if lag is None else f"  consumer lag {lag:,}"
        )


@contextmanager
def live(line: Line, stderr: TextIO | None) -> Iterator[None]:
    """Show the line while the block runs: in place on a terminal, else one below the other, one a second."""
    console = Console(file=stderr or sys.stderr, highlight=False, markup=False)
    console.soft_wrap = not console.is_terminal  # a terminal shows all of a long line; a file keeps it one line
    ended = threading.Event()
    thread = threading.Thread(target=_show, args=(line, console, ended), name="report", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _show(line: Line, console: Console, ended: threading.Event) -> None:
    if not console.is_terminal:
        while not ended.wait(LINE_SECONDS):
            console.print(line.text())
        return
    with console.status("starting") as status:
        while not ended.wait(LINE_SECONDS):
            status.update(line.text())


def summary(tally: Tally, seconds: float) -> str:
    """Return the last word: all the counts, and why events were not taken."""
    counts = tally.counts()
    rate = counts.n_sent / max(seconds, 1e-9)
    lines = [
        f"{_figures(counts)} in {seconds:.1f} s, {rate:,.0f}/s, at most {counts.most_late_seconds:.2f} s behind",
        *(f"  {n:,} × {reason}" for reason, n in tally.reasons()),
    ]
    return "\n".join(lines)


def _figures(counts: Counts) -> str:
    always = {
        "sent": counts.n_sent,
        "acknowledged": counts.n_accepted,
        "rejected": counts.n_rejected,
        "unknown": counts.n_unknown,
    }
    sometimes = {"bad rows": counts.n_bad, "skipped, not in the catalogue": counts.n_skipped}
    shown = always | {name: n for name, n in sometimes.items() if n}
    return "  ".join(f"{name} {n:,}" for name, n in shown.items())
