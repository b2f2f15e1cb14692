"""A comparison as JSON for programs and as a table for people."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from recommendations.evaluation.dataset import Dataset
from recommendations.evaluation.metrics import DEPTH
from recommendations.evaluation.run import BLEND, Row
from recommendations.evaluation.splits import Split

# What the table has room for; JSON has every metric at every cut.
_COLUMNS = {
    "hit_rate": "hit rate", "mrr": "MRR", "ndcg": "NDCG", "recall": "recall", "precision": "precision",
}  # fmt: skip
_PERCENT = 100.0


def as_json(rows: Sequence[Row], data: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the whole comparison; every share is a fraction."""
    return {
        "rows": [
            {"scorer": row.scorer, "metrics": row.metrics, "intervals": row.intervals, "blend_gains": row.gains}
            for row in rows
        ],
        "data": data,
        "parameters": parameters,
    }


def write_json(path: Path, report: dict[str, Any]) -> None:
    path.write_text(json.dumps(report, indent=1) + "\n")


def describe(dataset: Dataset, split: Split) -> dict[str, Any]:
    """Return what was asked, and what no list could answer well."""
    source, cases = dataset.source, split.cases
    known = np.bincount(split.train.rows, minlength=dataset.offline.n_products) > 0
    return {
        "files": [Path(name).name for name in (source.products, source.log, source.test) if name],
        **dataset.counts,
        "n_training_interactions": len(split.train),
        "n_cases": len(cases),
        "n_targets": int(cases.n_targets.sum()),
        "n_shoppers": len(np.unique(cases.shoppers)),
        "n_test_interactions_of_strangers": split.n_strangers,
        "share_of_targets_unknown_to_training": float(1 - known[cases.target_rows].mean()),
        "share_of_targets_that_are_a_variant_of_the_last_product": _variants_of_last(dataset, split),
        "has_texts": dataset.offline.has_texts,
        "has_categories": dataset.offline.has_categories,
        "has_times": dataset.log.has_times,
    }


def _variants_of_last(dataset: Dataset, split: Split) -> float:
    groups, cases = dataset.offline.groups, split.cases
    last = np.repeat(cases.last_rows, cases.n_targets)
    is_variant = (groups[cases.target_rows] == groups[last]) & (cases.target_rows != last)
    return float(is_variant.mean())


def as_table(rows: Sequence[Row], title: str) -> Table:
    """Return the table: percent at 20 places, with the bounds of 95%, and what the blend gains over each."""
    table = Table(title=title, caption=f"Percent, at {DEPTH} places; in brackets 95% of bootstrap draws.")
    table.add_column("scorer")
    for name in _COLUMNS.values():
        table.add_column(name, justify="right")
    for name in ("coverage", "novelty", "diversity", "blend gains (hit rate)"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*_cells(row))
    return table


def _cells(row: Row) -> list[str]:
    key = f"hit_rate@{DEPTH}"
    cells = [row.scorer, _with_bounds(row, key), _with_bounds(row, f"mrr@{DEPTH}")]
    cells += [_percent(row.metrics[f"{name}@{DEPTH}"]) for name in ("ndcg", "recall", "precision")]
    diversity = row.metrics.get(f"diversity@{DEPTH}")
    cells += [
        _percent(row.metrics[f"coverage@{DEPTH}"]),
        f"{row.metrics[f'novelty@{DEPTH}']:.1f} bit",
        "" if diversity is None else _percent(diversity),
    ]
    gain = row.gains.get(key)
    return [*cells, "" if gain is None or row.scorer == BLEND else f"{_PERCENT * gain[0]:+.2f}{_bounds(gain[1:])}"]


def _with_bounds(row: Row, key: str) -> str:
    return _percent(row.metrics[key]) + (_bounds(row.intervals[key]) if key in row.intervals else "")


def _bounds(bounds: Sequence[float]) -> str:
    low, high = bounds
    return f" [{_PERCENT * low:.2f}, {_PERCENT * high:.2f}]"


def _percent(share: float) -> str:
    return f"{_PERCENT * share:.2f}"
