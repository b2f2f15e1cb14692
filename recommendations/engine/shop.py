"""What every list is made from."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.catalogue import Catalogue
from recommendations.engine.hotness import Hotness
from recommendations.engine.similarity import Similarity
from recommendations.engine.weights import ScoringWeights

MAX_RATING = 5.0


class HotCategory(NamedTuple):
    """The groups of a category's hottest products, ascending, and the most that each of them can trend from here on.

    ``most_trend``: float64, in [0, 1]. It holds while ``hot`` is the category's list and for times not before
    ``as_of_seconds``: without another event trends only fade.
    """

    hot: NDArray[np.int32]
    as_of_seconds: float
    groups: NDArray[np.int32]
    most_trend: NDArray[np.float64]


class Readings:
    """What many requests need of one catalogue, worked out once.

    ``ratings``: in [0, 1], an unknown one the shop's mean; shape ``(n_products,)``. By variant group, shape
    ``(n_groups,)``: ``group_sizes``; ``group_categories``, of any of its variants; ``group_ratings``, the most that
    its variants' trend may owe to their rating. Of a group that lies in several categories that is all of it, 1.
    """

    def __init__(self, catalogue: Catalogue, weights: ScoringWeights) -> None:
        self.catalogue, self.weights = catalogue, weights
        known = np.where(np.isnan(catalogue.ratings), catalogue.mean_rating, catalogue.ratings.astype(np.float64))
        self.ratings: NDArray[np.float64] = known / MAX_RATING
        self.group_sizes = np.diff(catalogue.group_starts)
        self.group_categories = np.zeros(len(self.group_sizes), dtype=np.int32)
        self.group_ratings = np.zeros(len(self.group_sizes))
        self.hot: dict[int, HotCategory] = {}
        self._read_groups()

    def _read_groups(self) -> None:
        held = self.group_sizes > 0
        starts, rows = self.catalogue.group_starts[:-1][held], self.catalogue.group_rows
        if len(starts):
            categories = self.catalogue.categories[rows]
            first = np.minimum.reduceat(categories, starts)
            ratings = self.weights.rating_share * np.maximum.reduceat(self.ratings[rows], starts)
            ratings[np.maximum.reduceat(categories, starts) != first] = 1.0
            self.group_categories[held], self.group_ratings[held] = first, ratings


@dataclass(frozen=True, slots=True)
class Shop:
    """All that one request reads: one version of the index, and the live side of it."""

    catalogue: Catalogue
    similarity: Similarity
    hotness: Hotness
    weights: ScoringWeights

    @property
    def readings(self) -> Readings:
        """What was worked out for this catalogue and these weights. Two threads may do it twice, to the same end."""
        readings: Readings | None = self.hotness.readings
        if readings is None or readings.catalogue is not self.catalogue or readings.weights is not self.weights:
            readings = self.hotness.readings = Readings(self.catalogue, self.weights)
        return readings
