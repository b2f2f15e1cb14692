"""Files made into a shop, its log, and which part of that log is asked for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.feature_parameters import FeatureParameters
from recommendations.evaluation.log import Interactions
from recommendations.evaluation.reading import Names, read_interactions, read_sessions
from recommendations.evaluation.shop import OfflineShop, make_shop, named_only, read_products
from recommendations.evaluation.splits import last_days, last_days_of, last_of_each, last_shoppers

# Who hears of a step, how much of it is done and of how much; 0: nobody knows.
Progress = Callable[[str, int, int], None]
# Of the sessions of a training file without times, the last so many are asked for when something is chosen; of one with
# times, as many days as hold so much of it.
VALIDATION_SHARE = 0.1


class Cut(StrEnum):
    """Where the line between learning and asking is drawn."""

    DAYS = "days"
    LAST = "last"
    FILE = "file"
    SESSIONS = "sessions"


@dataclass(frozen=True, slots=True)
class Source:
    """What to read. ``log`` and ``test``: interactions, or sessions for that cut; ``test`` for the cuts by file.

    Without a ``test`` those cuts ask for nothing: there is but a training part, to be cut again.
    """

    cut: Cut
    log: str
    test: str | None = None
    products: str | None = None
    n_days: int = 1


@dataclass(slots=True)
class Problems:
    """Counts the rows that nobody could read, and tells of each."""

    tell: Callable[[str], None]
    n: int = 0

    def add(self, problem: str) -> None:
        self.n += 1
        self.tell(problem)


@dataclass(frozen=True, slots=True)
class Dataset:
    """``is_test``: which interactions of ``log`` are asked for. ``counts``: what there is, for a report."""

    source: Source
    offline: OfflineShop
    log: Interactions
    is_test: NDArray[np.bool_]
    counts: dict[str, Any] = field(default_factory=dict)

    def validation(self) -> "Dataset":
        """Return the same with a line drawn in the same way through the training part; the test part is not in it."""
        train = self.log.where(~self.is_test)
        if self.source.cut is Cut.DAYS:
            is_test = last_days(train, self.source.n_days)
        elif self.source.cut is Cut.LAST:
            is_test = last_of_each(train)
        elif train.has_times:
            is_test = last_days_of(train, VALIDATION_SHARE)
        else:
            is_test = last_shoppers(train, VALIDATION_SHARE)
        return Dataset(self.source, self.offline, train, is_test, self.counts)


def load(
    source: Source, parameters: FeatureParameters, on_problem: Callable[[str], None], on_progress: Progress
) -> Dataset:
    """Read and index everything; raises BadFile, OSError."""
    problems = Problems(on_problem)
    products = read_products(source.products, problems.add) if source.products else []
    names = Names({row.sku: number for number, row in enumerate(products)}, is_open=source.products is None)
    parts = [_read(source, name, names, problems, on_progress) for name in (source.log, source.test) if name]
    log, is_test = _cut(source, parts)
    offline = make_shop(
        products or named_only(names.rows), parameters, lambda done, of: on_progress("neighbours", done, of)
    )
    return Dataset(source, offline, log, is_test, _counts(offline, names, problems))


def _read(source: Source, name: str, names: Names, problems: Problems, on_progress: Progress) -> Interactions:
    read = read_sessions if source.cut is Cut.SESSIONS else read_interactions
    size = Path(name).stat().st_size if Path(name).is_file() else 0
    return read(name, names, problems.add, lambda done: on_progress(f"read {Path(name).name}", done, size))


def _cut(source: Source, parts: list[Interactions]) -> tuple[Interactions, NDArray[np.bool_]]:
    log = Interactions.joined(parts)
    if source.cut is Cut.DAYS:
        return log, last_days(log, source.n_days)
    if source.cut is Cut.LAST:
        return log, last_of_each(log)
    train, n_train = parts[0], len(parts[0])
    if len(parts) == 1:
        return log, np.zeros(n_train, dtype=np.bool_)
    test = parts[1]
    order = np.lexsort((np.concatenate([train.seconds, test.seconds]), np.concatenate([train.shoppers, test.shoppers])))
    return log, order >= n_train


def _counts(offline: OfflineShop, names: Names, problems: Problems) -> dict[str, Any]:
    return {
        "n_products": offline.n_products,
        "n_variant_groups": len(np.unique(offline.groups)),
        "n_rows_of_unknown_products": names.n_unknown,
        "n_rows_of_other_kinds": names.n_other_kinds,
        "n_bad_rows": problems.n,
    }
