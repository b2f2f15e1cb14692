"""How good lists are: by what they hit, case by case. Sources stand in docs/evaluation.md."""

import numpy as np
from numpy.typing import NDArray

from recommendations.evaluation.cases import Cases

CUTS = (5, 10, 20)
DEPTH = max(CUTS)

Hits = NDArray[np.bool_]


def find_hits(lists: NDArray[np.int32], cases: Cases) -> Hits:
    """Return which places hold a target. ``lists``: rows, best first, −1 beyond; shape ``(n_cases, depth)``."""
    n_rows = max(int(lists.max(initial=0)), int(cases.target_rows.max(initial=0))) + 1
    owners = np.arange(len(cases))
    wanted = np.repeat(owners, cases.n_targets) * n_rows + cases.target_rows
    found: Hits = np.isin(owners[:, None] * n_rows + lists, wanted) & (lists >= 0)
    return found


def hit_rate(hits: Hits, _n_targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return 1 for each list that holds any target, else 0: what papers on sessions call P@k or recall@k."""
    return np.where(hits.any(axis=1), 1.0, 0.0)


def recall(hits: Hits, n_targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share of each case's targets that its list holds."""
    return hits.sum(axis=1) / n_targets


def precision(hits: Hits, _n_targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share of each list's k places that hold a target; a place that is left empty holds none."""
    return hits.sum(axis=1) / hits.shape[1]


def mrr(hits: Hits, _n_targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return 1 over the place of the first target, counted from 1; 0 without one."""
    return np.where(hits.any(axis=1), 1.0 / (hits.argmax(axis=1) + 1), 0.0)


def ndcg(hits: Hits, n_targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return Σ 1/log2(place + 1) over the targets that were found, over the most that it could be in k places."""
    k = hits.shape[1]
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    best = np.concatenate([[0.0], np.cumsum(discounts)])[np.minimum(n_targets, k)]
    return (hits * discounts).sum(axis=1) / best


BY_CASE = {"hit_rate": hit_rate, "recall": recall, "precision": precision, "mrr": mrr, "ndcg": ndcg}


def by_case(hits: Hits, n_targets: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """Return every metric at every cut, as ``hit_rate@5``, each of shape ``(n_cases,)`` in [0, 1]."""
    return {f"{name}@{k}": metric(hits[:, :k], n_targets) for name, metric in BY_CASE.items() for k in CUTS}
