"""One signal each: candidates in, an opinion in [0, 1] about each of them out."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recommendations.engine import decay
from recommendations.engine.hotness import Hotness
from recommendations.engine.similarity import Similarity
from recommendations.engine.weights import ScoringWeights

MAX_RATING = 5.0


class Scorer(Protocol):
    """A signal."""

    def score(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return one score per row, same shape, in [0, 1]."""
        ...


@dataclass(frozen=True, slots=True)
class ContentScorer:
    """TF-IDF cosine with the query's group."""

    similarity: Similarity
    groups: NDArray[np.int32]
    query_group: int

    def score(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        return self.similarity.cosines(self.query_group, self.groups[rows]).astype(np.float64)


@dataclass(frozen=True, slots=True)
class TrendScorer:
    """How hot a product is beside its category's hottest, and how well it is rated.

    ``peak_categories``: the hottest of all these sets the scale; none: of each product's own category.
    """

    hotness: Hotness
    weights: ScoringWeights
    now_seconds: float
    peak_categories: tuple[int, ...] = ()

    def score(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        w = self.weights
        blended = w.trend_clicks * self.clicks(rows) + w.trend_rating * self.ratings(rows)
        return np.clip(blended / ((w.trend_clicks + w.trend_rating) or 1.0), 0.0, 1.0)

    def clicks(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return decayed clicks over the category's peak, in [0, 1]."""
        weights = decay.weights_at(self.hotness.hour[rows], self.now_seconds, decay.HOUR_SECONDS)
        return np.minimum(weights / self._peaks(rows), 1.0)

    def ratings(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return ratings over 5; an unknown one is the tenant's shrunken mean."""
        ratings = self.hotness.catalogue.ratings[rows].astype(np.float64)
        return np.where(np.isnan(ratings), self.hotness.catalogue.mean_rating, ratings) / MAX_RATING

    def _peaks(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        if self.peak_categories:
            return np.full(len(rows), max(self._peak(category) for category in self.peak_categories))
        categories, places = np.unique(self.hotness.catalogue.categories[rows], return_inverse=True)
        return np.array([self._peak(int(category)) for category in categories])[places]

    def _peak(self, category: int) -> float:
        hottest = self.hotness.hot[category][:1]
        weights = decay.weights_at(self.hotness.hour[hottest], self.now_seconds, decay.HOUR_SECONDS)
        return max(float(weights.max(initial=0.0)), self.weights.min_peak_weight)


def rising(hotness: Hotness, rows: NDArray[np.int32], now_seconds: float) -> NDArray[np.float64]:
    """Return the last hour's rate of events over the week's, each with a prior of one event a week; 1 is steady."""
    prior = 1.0 / decay.WEEK_SECONDS
    hour = decay.weights_at(hotness.hour[rows], now_seconds, decay.HOUR_SECONDS)
    week = decay.weights_at(hotness.week[rows], now_seconds, decay.WEEK_SECONDS)
    # A steady rate r holds the decayed weight at r / λ.
    hour_rate = hour * decay.rate_constant(decay.HOUR_SECONDS)
    week_rate = week * decay.rate_constant(decay.WEEK_SECONDS)
    return (hour_rate + prior) / (week_rate + prior)
