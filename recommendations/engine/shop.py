"""What every list is made from."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.catalogue import Catalogue
from recommendations.engine.hotness import Hotness
from recommendations.engine.kernel.ranking import Ranker
from recommendations.engine.similarity import Similarity
from recommendations.engine.weights import ScoringWeights

MAX_RATING = 5.0
SEVERAL_CATEGORIES = -1


class HotCategory(NamedTuple):
    """The groups of a category's hottest products, and the most that each of them can trend from here on, falling.

    It holds while ``hot`` is the category's list and for times not before ``as_of_seconds``: without another event
    trends only fade.
    """

    hot: NDArray[np.int32]
    as_of_seconds: float
    groups: list[int]
    most_trend: list[float]


class Readings:
    """What many requests need of one catalogue, worked out once.

    By product, shape ``(n_products,)``: ``ratings``, in [0, 1], an unknown one the shop's mean; ``on_sale``: active and
    in stock. By variant group, shape ``(n_groups,)``: ``group_sizes``; ``group_categories``, -1 for several;
    ``group_ratings``, the best of its variants; ``even_groups``: whether all its variants are on sale, rated alike and
    stand by id, so that the one that is clicked most is the best.
    """

    def __init__(self, catalogue: Catalogue, weights: ScoringWeights) -> None:
        self.catalogue, self.weights = catalogue, weights
        known = np.where(np.isnan(catalogue.ratings), catalogue.mean_rating, catalogue.ratings.astype(np.float64))
        self.ratings: NDArray[np.float64] = known / MAX_RATING
        self.on_sale = catalogue.is_active & catalogue.in_stock
        self.group_sizes = np.diff(catalogue.group_starts)
        self.group_categories = np.zeros(len(self.group_sizes), dtype=np.intp)
        self.group_ratings = np.zeros(len(self.group_sizes))
        self.even_groups = np.zeros(len(self.group_sizes), dtype=np.bool_)
        self.hot: dict[int, HotCategory] = {}
        self.ranker: Ranker | None = None
        # By whether behaviour and lists are known.
        self.page_shares: dict[tuple[bool, bool], Any] = {}
        if self.group_sizes.any():
            self._read_groups()

    def _read_groups(self) -> None:
        held = self.group_sizes > 0
        starts, rows = self.catalogue.group_starts[:-1][held], self.catalogue.group_rows
        categories, ratings = self.catalogue.categories[rows], self.ratings[rows]
        category, rating = np.minimum.reduceat(categories, starts), np.maximum.reduceat(ratings, starts)
        is_one_category = np.maximum.reduceat(categories, starts) == category
        ascends = np.diff(self.catalogue.vocabulary.product_ids[rows], prepend=-1) > 0
        ascends[starts] = True  # the first of a group follows nobody
        is_even = np.logical_and.reduceat(self.on_sale[rows] & ascends, starts)
        self.group_categories[held] = np.where(is_one_category, category, SEVERAL_CATEGORIES)
        self.group_ratings[held] = rating
        self.even_groups[held] = is_even & (np.minimum.reduceat(ratings, starts) == rating)


@dataclass(frozen=True, slots=True)
class Shop:
    """All that one request reads: one version of the index, and the live side of it."""

    catalogue: Catalogue
    similarity: Similarity
    hotness: Hotness
    weights: ScoringWeights

    def prepare(self) -> None:
        """Work out what all requests need. It grows with the catalogue: a few milliseconds for 40,000 products."""
        _ = self.ranker

    @property
    def readings(self) -> Readings:
        """What was worked out for this catalogue and these weights. Two threads may do it twice, to the same end."""
        readings: Readings | None = self.hotness.readings
        if readings is None or readings.catalogue is not self.catalogue or readings.weights is not self.weights:
            readings = self.hotness.readings = Readings(self.catalogue, self.weights)
        return readings

    @property
    def ranker(self) -> Ranker | None:
        """What ranks in C, None where that is not built."""
        readings = self.readings
        ranker = readings.ranker
        if ranker is None or ranker.similarity is not self.similarity:
            ranker = readings.ranker = Ranker.of(
                self.catalogue, self.similarity, self.hotness, readings.on_sale, readings.ratings
            )
        return ranker
