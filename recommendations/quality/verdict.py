"""Whether one version is worse than another by more than chance and by more than a shop puts up with."""

from dataclasses import dataclass

import numpy as np

from recommendations.evaluation.bootstrap import Bootstrap, interval
from recommendations.quality.measure import Figures

# Whether a list holds what came next, and how far up: a hit rate would not see the order.
METRIC = "ndcg@20"
N_DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Verdict:
    """``reason``: for people, in one sentence."""

    is_worse: bool
    reason: str


def compare(candidate: Figures, active: Figures, margin: float) -> Verdict:
    """Compare two versions on the same cases. ``margin``: the share of the active one's figure that may be lost.

    Both must hold for a candidate to be worse: its figure is lower by more than the margin, and 95% of bootstrap draws
    of the difference are below 0 (see ``evaluation.bootstrap``), so that a few unlucky cases refuse nothing.
    """
    new, old = candidate.values[METRIC], active.values[METRIC]
    drawn = Bootstrap(candidate.shoppers, N_DRAWS, seed=0).means((new - old)[:, None])
    _, at_best = interval(drawn[:, 0])
    is_worse = bool(new.mean() < (1 - margin) * old.mean() and at_best < 0)
    change = (new.mean() - old.mean()) / old.mean() if old.mean() else 0.0
    return Verdict(is_worse, _in_words(new, old, float(change), margin))


def _in_words(new: np.ndarray, old: np.ndarray, change: float, margin: float) -> str:
    return (
        f"NDCG@20 {new.mean():.2%} beside {old.mean():.2%} of the version that serves ({change:+.0%}, "
        f"at most −{margin:.0%} is allowed), on {len(new):,} cases of the archive."
    )
