"""One comparison: every scorer asked every case, and what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recommendations.evaluation import beyond
from recommendations.evaluation.bootstrap import Bootstrap, interval
from recommendations.evaluation.metrics import CUTS, by_case, find_hits
from recommendations.evaluation.shop import OfflineShop
from recommendations.evaluation.splits import Split

BLEND = "blend"


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one scorer. ``gains``: how much better the blend did, with the bounds of that."""

    scorer: str
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    gains: dict[str, tuple[float, float, float]] = field(default_factory=dict)


class Lists(Protocol):
    """Who is compared."""

    def lists(self, name: str, *, novel: bool, on_progress: Callable[[int], None]) -> NDArray[np.int32]:
        """Return what the scorer ``name`` lists in each case: rows, -1 beyond the last, shape ``(n_cases, DEPTH)``."""
        ...


def compare(
    offline: OfflineShop,
    split: Split,
    bench: Lists,
    names: Sequence[str],
    *,
    novel: bool = False,
    n_draws: int = 1000,
    seed: int = 0,
    on_progress: Callable[[str, int], None] = lambda _name, _n: None,
) -> list[Row]:
    """Return a row for each scorer of ``names``; ``on_progress`` is told who has answered how many cases."""
    bootstrap = Bootstrap(split.cases.shoppers, n_draws, seed)
    rows, draws = [], {}
    for name in names:
        lists = bench.lists(name, novel=novel, on_progress=partial(on_progress, name))
        values = by_case(find_hits(lists, split.cases), split.cases.n_targets)
        metrics = {metric: float(by.mean()) for metric, by in values.items()}
        draws[name] = bootstrap.means(np.stack(list(values.values()), axis=1)) if n_draws else None
        rows.append(Row(name, metrics | _beyond(lists, offline, split), _intervals(list(values), draws[name])))
    return [_with_gains(row, rows, draws) for row in rows]


def _beyond(lists: NDArray[np.int32], offline: OfflineShop, split: Split) -> dict[str, float]:
    counts = np.bincount(split.train.rows, minlength=offline.n_products)
    found = {}
    vectors = offline.vectors() if offline.has_texts else None
    for k in CUTS:
        found[f"coverage@{k}"] = beyond.coverage(lists[:, :k], offline.n_products)
        found[f"novelty@{k}"] = beyond.novelty(lists[:, :k], counts)
        if vectors is not None:
            found[f"diversity@{k}"] = beyond.diversity(lists[:, :k], vectors)
    return found


def _intervals(metrics: list[str], draws: NDArray[np.float64] | None) -> dict[str, tuple[float, float]]:
    if draws is None:
        return {}
    return {metric: interval(draws[:, column]) for column, metric in enumerate(metrics)}


def _with_gains(row: Row, rows: list[Row], draws: dict[str, NDArray[np.float64] | None]) -> Row:
    blend, own = draws.get(BLEND), draws[row.scorer]
    if blend is None or own is None or row.scorer == BLEND:
        return row
    best = next(other for other in rows if other.scorer == BLEND)
    gains = {
        metric: (best.metrics[metric] - row.metrics[metric], *interval(blend[:, column] - own[:, column]))
        for column, metric in enumerate(row.intervals)
    }
    return Row(row.scorer, row.metrics, row.intervals, gains)
