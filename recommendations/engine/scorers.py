"""One signal each: candidates in, an opinion in [0, 1] about each of them out."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recommendations.engine import decay
from recommendations.engine.hotness import Hotness
from recommendations.engine.shop import Shop
from recommendations.engine.similarity import Similarity
from recommendations.engine.vectors import cosines_between, cosines_one_by_one

Places = NDArray[np.int32] | NDArray[np.intp]
# Up to here, one by one is quicker.
FEW_GROUPS = 6


class Scorer(Protocol):
    """A signal."""

    def score(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return one score per row, same shape, in [0, 1]."""
        ...


@dataclass(frozen=True, slots=True)
class ContentScorer:
    """TF-IDF cosine with the query's group: of its neighbours as it was found at build time, of others worked out."""

    similarity: Similarity
    groups: NDArray[np.int32]
    query_group: int

    @classmethod
    def beside(cls, shop: Shop, row: int) -> "ContentScorer":
        return cls(shop.similarity, shop.catalogue.groups, shop.catalogue.groups.item(row))

    def score(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        groups = self.groups[rows]
        near, cosines = self.similarity.neighbours(self.query_group)
        found = self.unlike(groups)
        for place, group in enumerate(groups.tolist()):
            (at,) = np.nonzero(near == group)
            if len(at):
                found[place] = cosines[at[0]]
        return found

    def unlike(self, groups: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return the cosines of ``groups``, none of which is a neighbour."""
        if len(groups) <= FEW_GROUPS:
            return np.array(cosines_one_by_one(self.similarity, self.query_group, groups.tolist()))
        cosines: NDArray[np.float64] = cosines_between(self.similarity, [self.query_group], groups)[0]
        return cosines


@dataclass(slots=True)  # not frozen: one is made per request, and that would take three times as long
class TrendScorer:
    """How hot a product is beside its category's hottest, and how well it is rated.

    ``peak_categories``: the hottest of all these sets the scale; none: of each product's own category.
    """

    shop: Shop
    now_seconds: float
    peak_categories: tuple[int, ...] = ()

    def score(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        return self.scaled(rows, 1.0)

    def scaled(self, rows: NDArray[np.int32], share: float) -> NDArray[np.float64]:
        """Return ``share`` times the scores."""
        weights = self.shop.weights
        trend = self.clicks(rows)
        trend *= share * weights.clicks_share
        ratings = self.ratings(rows)
        ratings *= share * weights.rating_share
        trend += ratings
        return trend

    def most(self, groups: Places) -> NDArray[np.float64]:
        """Return what the score of no variant of each group exceeds, now or later without another event."""
        readings, hotness = self.shop.readings, self.shop.hotness
        # Of a group in several categories nobody's peak is taken: the least that counts as a full trend.
        most = self._shares(hotness.group_hour[groups], readings.group_categories[groups])
        most *= self.shop.weights.clicks_share
        ratings = readings.group_ratings[groups]
        ratings *= self.shop.weights.rating_share
        most += ratings
        return most

    def clicks(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return decayed clicks over the category's peak, in [0, 1]."""
        return self._shares(self.shop.hotness.hour[rows], self.shop.catalogue.categories[rows])

    def ratings(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return ratings over 5; an unknown one is the tenant's shrunken mean."""
        return self.shop.readings.ratings[rows]

    def decayed_clicks(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return the weight of each row's events, decayed to now."""
        return decay.weights_at(self.shop.hotness.hour[rows], self.now_seconds, decay.HOUR_SECONDS)

    def peaks(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return the decayed weight that counts as fully trending for each row."""
        log_peaks = np.broadcast_to(np.asarray(self._log_peaks(self.shop.catalogue.categories[rows])), rows.shape)
        return decay.weights_at(log_peaks, self.now_seconds, decay.HOUR_SECONDS)

    def _shares(self, hours: NDArray[np.float64], categories: Places) -> NDArray[np.float64]:
        """Return how much ``hours``, log-domain scores, are of their categories' peaks, in place."""
        # One exp of a difference: both fade alike. An event that arrives between two reads may lead past the peak.
        hours -= self._log_peaks(categories)
        np.minimum(hours, 0.0, out=hours)
        return np.exp(hours, out=hours)

    def _log_peaks(self, categories: Places) -> NDArray[np.float64] | float:
        hotness = self.shop.hotness
        least = math.log(self.shop.weights.min_peak_weight)
        least += decay.rate_constant(decay.HOUR_SECONDS) * self.now_seconds
        if self.peak_categories:
            return float(max(least, *(hotness.peaks[category] for category in self.peak_categories)))
        peaks: NDArray[np.float64] = hotness.peaks[categories]
        return np.maximum(peaks, least, out=peaks)


def rising(hotness: Hotness, rows: NDArray[np.int32], now_seconds: float) -> NDArray[np.float64]:
    """Return the last hour's rate of events over the week's, each with a prior of one event a week; 1 is steady."""
    prior = 1.0 / decay.WEEK_SECONDS
    hour = decay.weights_at(hotness.hour[rows], now_seconds, decay.HOUR_SECONDS)
    week = decay.weights_at(hotness.week[rows], now_seconds, decay.WEEK_SECONDS)
    # A steady rate r holds the decayed weight at r / λ.
    hour_rate = hour * decay.rate_constant(decay.HOUR_SECONDS)
    week_rate = week * decay.rate_constant(decay.WEEK_SECONDS)
    return (hour_rate + prior) / (week_rate + prior)
