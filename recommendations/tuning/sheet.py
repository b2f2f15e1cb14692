"""What every signal says of all that might be shown, kept, so that other weights are tried without asking again.

The arithmetic is the engine's (``blend``, ``scorers``, ``sequence``, ``behaviour``), over many pages at once; a
property test holds the places found here against the engine's own lists.
"""

from collections.abc import Callable
from dataclasses import astuple, dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.blend import Shares
from recommendations.engine.ladder import UNITS
from recommendations.engine.sequence import VARIANT_FLOOR
from recommendations.engine.weights import ScoringWeights
from recommendations.evaluation.metrics import DEPTH

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

# A score in millionths stands above this many bits, in which the row stands: of equal scores the first row is best.
_ROW_BITS = 40
_TINY = 1e-300
_NOWHERE = np.iinfo(np.int64).min


class Metric(StrEnum):
    """What is made the most of, of pages with one target each (see ``evaluation.metrics``)."""

    NDCG = "ndcg"
    MRR = "mrr"
    HIT_RATE = "hit_rate"


# What a target at a place is worth.
_WORTH: dict[Metric, Callable[[Floats], Floats]] = {
    Metric.NDCG: lambda places: 1.0 / np.log2(places + 1),
    Metric.MRR: lambda places: 1.0 / places,
    Metric.HIT_RATE: np.ones_like,
}


@dataclass(frozen=True, slots=True)
class Lists:
    """Every entry of every list that a page's shopper comes from.

    By list, shape ``(n_lists,)``: ``positions``, steps back; ``bought``, whether it is of products bought together;
    ``most``, the largest score in it. By entry: ``owners``, its list; ``rows``, the place of the product it leads to;
    ``scores``, the logarithm of its weight, decayed to now.
    """

    positions: NDArray[np.int64]
    bought: NDArray[np.bool_]
    most: Floats
    owners: Places
    rows: Places
    scores: Floats


@dataclass(frozen=True, slots=True)
class Sheet:
    """Pages with their candidates: variant groups one page after the other, and rows one group after the other.

    ``n_asked``: how many cases there were; those whose target is no candidate have no page, for no weights show it.
    ``group_starts``, ``row_starts``: where each page's groups and each group's rows begin; ``targets``: where each
    page's target stands among the rows. By group: ``cosines``; ``recents``, cosines with what the shopper met before,
    newest first, shape ``(n_groups, n)``; ``around``, whether it is near or hot, and so a candidate whatever a list
    says. By row: ``rows``; ``allowed``; ``hours`` and ``peaks``, the logarithm of its
    clicks and of its category's hottest, decayed to now; ``ratings``. By page: ``knows_shopper``.
    """

    n_asked: int
    group_starts: Places
    row_starts: Places
    targets: Places
    cosines: Floats
    recents: NDArray[np.float32]
    around: NDArray[np.bool_]
    rows: NDArray[np.int64]
    allowed: NDArray[np.bool_]
    hours: Floats
    peaks: Floats
    ratings: Floats
    knows_shopper: NDArray[np.bool_]
    lists: Lists

    def __len__(self) -> int:
        return len(self.targets)

    def places(self, weights: ScoringWeights) -> NDArray[np.int64]:
        """Return where each page's target would stand, counted from 1; 0 where another variant stands for it."""
        if not len(self):
            return np.empty(0, dtype=np.int64)
        keys = self._keys(weights)
        best = np.maximum.reduceat(keys, self.row_starts)
        target = keys[self.targets]
        own_group = np.searchsorted(self.row_starts, self.targets, side="right") - 1
        above = best > np.repeat(target, self._group_counts)
        places: NDArray[np.int64] = np.add.reduceat(above.astype(np.int64), self.group_starts) + 1
        return np.where((best[own_group] == target) & (target != _NOWHERE), places, 0)

    def quality(self, weights: ScoringWeights, metric: Metric) -> float:
        """Return the mean of ``metric`` at ``DEPTH`` places over all cases, in [0, 1]."""
        places = self.places(weights)
        shown = places[(places > 0) & (places <= DEPTH)].astype(np.float64)
        return float(_WORTH[metric](shown).sum() / self.n_asked) if self.n_asked else 0.0

    def scores(self, weights: ScoringWeights) -> Floats:
        """Return what each row scores on its page, shown there or not, in [0, 1]."""
        return self._scores(weights, *self._sequence(weights))

    def _keys(self, weights: ScoringWeights) -> NDArray[np.int64]:
        """Return numbers that order rows as a page does: by score in millionths, then by row."""
        by_group, by_row = self._sequence(weights)
        units = np.rint(self._scores(weights, by_group, by_row) * UNITS).astype(np.int64)
        shown = self.allowed & np.repeat(self.around | (by_group > 0), self._row_counts)
        return np.where(shown, (units << _ROW_BITS) - self.rows, _NOWHERE)

    def _scores(self, weights: ScoringWeights, sequence: Floats, sequence_by_row: Floats) -> Floats:
        has_sequence = np.add.reduceat(sequence, self.group_starts) > 0
        content, trend, behaviour, sigma = self._shares(weights, has_sequence)
        by_group = content * self.cosines
        if weights.behaviour:
            by_group += behaviour * weights.recent_share * self._recents(weights)
        scores = np.repeat(by_group, self._row_counts)
        scores += np.repeat(trend, self._row_counts) * self._trend(weights)
        scores += np.repeat(sigma, self._row_counts) * sequence_by_row
        return scores

    def _shares(self, weights: ScoringWeights, has_sequence: NDArray[np.bool_]) -> Floats:
        """Return what content, trend, behaviour and sequence weigh in the scores of each group, one line each."""
        kinds = np.array([
            astuple(Shares.of_product_page(weights, has_behaviour=knows, has_sequence=leads))
            for knows in (False, True)
            for leads in (False, True)
        ])  # fmt: skip
        kind = 2 * self.knows_shopper.astype(np.intp) + has_sequence
        shares: Floats = np.repeat(kinds[kind], self._group_counts, axis=0).T
        return shares

    def _trend(self, weights: ScoringWeights) -> Floats:
        """Return what ``TrendScorer`` gives to each row."""
        clicks = self.hours - np.maximum(self.peaks, np.log(weights.min_peak_weight))
        found: Floats = weights.clicks_share * np.exp(np.minimum(clicks, 0.0)) + weights.rating_share * self.ratings
        return found

    def _recents(self, weights: ScoringWeights) -> Floats:
        """Return what ``BehaviourScorer.recents`` gives to each group."""
        worth = np.power(weights.recency_decay, np.arange(self.recents.shape[1]))
        found: Floats = (self.recents * worth).max(axis=1, initial=0.0)
        return found

    def _sequence(self, weights: ScoringWeights) -> tuple[Floats, Floats]:
        """Return what ``SequenceScorer`` gives to each group, and to each row."""
        if not weights.sequence:  # then no list is asked for
            return np.zeros(len(self.cosines)), np.zeros(len(self.rows))
        lists = self.lists
        worth = np.where(lists.bought, weights.sequence_bought, 1.0) * (lists.positions < weights.n_sequence)
        worth *= np.power(weights.sequence_decay, lists.positions)
        most = np.maximum(lists.most, np.log(weights.min_sequence_weight))
        values = worth[lists.owners] * np.exp(lists.scores - most[lists.owners])
        by_row = np.bincount(lists.rows, values, len(self.rows)).astype(np.float64)
        by_group = np.add.reduceat(by_row, self.row_starts)
        scale = np.maximum(np.maximum.reduceat(by_group, self.group_starts), 1.0)
        by_group /= np.repeat(scale, self._group_counts)
        return by_group, np.repeat(by_group, self._row_counts) * self._variant_shares(by_row)

    def _variant_shares(self, by_row: Floats) -> Floats:
        """Return what ``Variants`` gives to each row of its group's score."""
        if len(self.row_starts) == len(self.rows):
            return np.ones(len(self.rows))
        most = np.repeat(np.maximum.reduceat(by_row, self.row_starts), self._row_counts)
        shares: Floats = VARIANT_FLOOR + (1 - VARIANT_FLOOR) * by_row / np.maximum(most, _TINY)
        shares[np.repeat(self._row_counts == 1, self._row_counts)] = 1.0
        return shares

    @property
    def _group_counts(self) -> Places:
        return np.diff(self.group_starts, append=len(self.row_starts))

    @property
    def _row_counts(self) -> Places:
        return np.diff(self.row_starts, append=len(self.rows))
