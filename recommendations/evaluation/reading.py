"""Logs from files: interactions as CSV, or click sessions line by line."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from catalog.importing.source import Source, open_source
from events.kinds import MEETING, TREND_WEIGHTS, Kind
from events.simulation.actions import Action
from events.simulation.replay import BadFile, read_rows
from recommendations.evaluation.log import Interactions

Problem = Callable[[str], None]
Progress = Callable[[int], None]
_TELL_EVERY = 5_000


@dataclass(slots=True)
class Names:
    """What is a number in the arrays: SKUs by row, shoppers and sessions. Unknown SKUs get a row if it ``is_open``."""

    rows: dict[str, int] = field(default_factory=dict)
    shoppers: dict[str, int] = field(default_factory=dict)
    visits: dict[str, int] = field(default_factory=dict)
    is_open: bool = True
    n_unknown: int = 0
    n_other_kinds: int = 0

    def row_of(self, sku: str) -> int | None:
        """Return the row of ``sku``, None for one that the catalogue does not have."""
        return self.rows.setdefault(sku, len(self.rows)) if self.is_open else self.rows.get(sku)


@dataclass(slots=True)
class _Columns:
    shoppers: list[int] = field(default_factory=list)
    visits: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    purchases: list[bool] = field(default_factory=list)

    def interactions(self) -> Interactions:
        return Interactions.of(self.shoppers, self.rows, self.seconds, self.weights, self.purchases, self.visits)


def read_interactions(name: str, names: Names, on_problem: Problem, on_progress: Progress) -> Interactions:
    """Return the good rows of a CSV file, and report the others; raises BadFile, OSError.

    Kinds that do not make a product one of the shopper's recent ones are counted and passed over.
    """
    columns = _Columns()
    with open_source(name) as source:
        for number, row in enumerate(read_rows(source, on_problem)):
            _append(columns, names, row.action, row.at_seconds)
            if number % _TELL_EVERY == 0:
                on_progress(source.position())
    return columns.interactions()


def _append(columns: _Columns, names: Names, action: Action, at_seconds: float) -> None:
    if action.kind not in MEETING:
        names.n_other_kinds += 1
        return
    row = names.row_of(action.sku or "")
    if row is None:
        names.n_unknown += 1
        return
    user, session = action.user_id, action.session_id
    shopper = f"u {user}" if user else f"s {session}"
    visit = f"s {session}" if session else f"u {user}"
    columns.shoppers.append(names.shoppers.setdefault(shopper, len(names.shoppers)))
    columns.visits.append(names.visits.setdefault(visit, len(names.visits)))
    columns.rows.append(row)
    columns.seconds.append(at_seconds)
    columns.weights.append(TREND_WEIGHTS[action.kind])
    columns.purchases.append(action.kind is Kind.PURCHASE)


def read_sessions(name: str, names: Names, on_problem: Problem, on_progress: Progress) -> Interactions:
    """Return the clicks of a file with one session a line: its id, a tab, items with spaces; raises BadFile, OSError.

    A line is a session of its own, whatever its id: train and test may both count from 1. Lines are in order of time.
    """
    columns = _Columns()
    with open_source(name) as source:
        for number, items in enumerate(_session_lines(source, on_problem)):
            shopper = len(names.shoppers)
            names.shoppers[f"line {shopper}"] = shopper
            for row in map(names.row_of, items):
                if row is None:
                    names.n_unknown += 1
                else:
                    columns.shoppers.append(shopper)
                    columns.rows.append(row)
            if number % _TELL_EVERY == 0:
                on_progress(source.position())
    return Interactions.of(columns.shoppers, columns.rows)


def _session_lines(source: Source, on_problem: Problem) -> Iterator[list[str]]:
    """Yield the items of each session. Raises BadFile where the file breaks off."""
    try:
        for number, line in enumerate(source.lines(), start=1):
            _, tab, items = line.decode("utf-8", "replace").strip("\r\n").partition("\t")
            if tab and items.strip():
                yield items.split()
            elif line.strip():
                on_problem(f"{source.name}, line {number}: It is no session: an id, a tab, and items with spaces.")
    except (OSError, EOFError, zlib.error) as error:
        raise BadFile(f"{source.name} cannot be read to its end: {error}") from error
