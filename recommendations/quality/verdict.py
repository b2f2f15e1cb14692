"""Whether one version is worse than another by more than chance and by more than a shop puts up with."""

from dataclasses import dataclass

import numpy as np

from recommendations.evaluation.bootstrap import Bootstrap, interval
from recommendations.evaluation.run import BLEND
from recommendations.quality.measure import CONTENT, Figures

# Whether a list holds what came next, and how far up: a hit rate would not see the order.
METRIC = "ndcg@20"
N_DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Verdict:
    """``reason``: for people, in one sentence."""

    is_worse: bool
    reason: str


@dataclass(frozen=True, slots=True)
class _Change:
    """One scorer's figure before and now. ``is_worse``: by more than the margin, and by more than chance."""

    old: float
    new: float
    is_worse: bool

    def __str__(self) -> str:
        change = (self.new - self.old) / self.old if self.old else 0.0
        return f"{self.new:.2%} beside {self.old:.2%} of the version that serves ({change:+.0%})"


def compare(candidate: Figures, active: Figures, margin: float) -> Verdict:
    """Compare two versions on the same cases. ``margin``: the share of the active one's figure that may be lost.

    A candidate is worse if its lists are. Where shoppers' own steps decide nearly all lists, these would look well with
    any index; so it is also worse if its content alone is, unless the lists are better for it.
    """
    lists = _change(candidate, active, BLEND, margin)
    if lists.is_worse:
        return Verdict(True, _sentence("NDCG@20", lists, margin, candidate.n_cases))
    if CONTENT in active.values and lists.new <= lists.old:
        content = _change(candidate, active, CONTENT, margin)
        if content.is_worse:
            return Verdict(True, _sentence("NDCG@20 by content alone", content, margin, candidate.n_cases))
    return Verdict(False, _sentence("NDCG@20", lists, margin, candidate.n_cases))


def _change(candidate: Figures, active: Figures, scorer: str, margin: float) -> _Change:
    """Return how a scorer's figure changed; 95% of bootstrap draws must agree that it is lower, to call it worse.

    A few unlucky cases refuse nothing (see ``evaluation.bootstrap``).
    """
    old = active.values[scorer][METRIC]
    new = candidate.values[scorer][METRIC] if scorer in candidate.values else np.zeros(len(old))
    drawn = Bootstrap(candidate.shoppers, N_DRAWS, seed=0).means((new - old)[:, None])
    _, at_best = interval(drawn[:, 0])
    before, now = float(old.mean()), float(new.mean())
    return _Change(before, now, now < (1 - margin) * before and at_best < 0)


def _sentence(what: str, change: _Change, margin: float, n_cases: int) -> str:
    return f"{what} {change}, on {n_cases:,} cases of the archive; at most −{margin:.0%} is allowed."
