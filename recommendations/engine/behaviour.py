"""What the shopper's own steps say: products like those met lately, categories the shopper likes."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.candidates import distinct
from recommendations.engine.shop import Shop
from recommendations.engine.shopper import Shopper
from recommendations.engine.vectors import GatheredVectors


class Step(NamedTuple):
    """One recent product that leads to a candidate: how far back, how alike, and what of that is left."""

    row: int
    position: int
    cosine: float
    worth: float


@dataclass(frozen=True, slots=True)
class BehaviourScorer:
    """0.7·max over recent products of decay^position·cosine + 0.3·category preference.

    ``recent``: rows, newest first, one per variant group. A recent product does not lead to itself: that it was looked
    at says nothing about looking at it again.
    """

    shop: Shop
    recent: tuple[int, ...]
    preferences: NDArray[np.float64]

    @classmethod
    def of(cls, shop: Shop, shopper: Shopper, *, but_group: int | None = None) -> "BehaviourScorer":
        """Return the scorer of what is known of ``shopper``, a product that is just being looked at left out."""
        newest: dict[int, int] = {}
        for row in shopper.recent:
            newest.setdefault(int(shop.catalogue.groups[row]), row)
        newest.pop(-1 if but_group is None else but_group, None)
        recent = tuple(newest.values())[: shop.weights.n_recent]
        return cls(shop, recent, shopper.preference_by_category(shop.catalogue.tree))

    @property
    def has_opinion(self) -> bool:
        return bool(self.recent) or bool(self.preferences.any())

    @property
    def recent_groups(self) -> NDArray[np.int32]:
        return self.shop.catalogue.groups[list(self.recent)]

    def score(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        weights = self.shop.weights
        return weights.recent_share * self.recents(rows) + weights.preference_share * self.preference(rows)

    def recents(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return what the recent products say, in [0, 1]."""
        if not self.recent:
            return np.zeros(len(rows))
        row_groups = self.shop.catalogue.groups[rows]
        groups = distinct(row_groups)
        worth = self._worth(groups).max(axis=0)
        found: NDArray[np.float64] = worth[groups.searchsorted(row_groups)]
        return found

    def preference(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return how much the shopper likes each product's category, in [0, 1]."""
        liked: NDArray[np.float64] = self.preferences[self.shop.catalogue.categories[rows]]
        return liked

    def steps(self, row: int) -> list[Step]:
        """Return the recent products that lead to ``row``, the strongest first."""
        if not self.recent:
            return []
        group = self.shop.catalogue.groups[[row]]
        worth = self._worth(group)[:, 0].tolist()
        cosines = self.cosines(group)[:, 0].tolist()
        steps = [
            Step(*step) for step in zip(self.recent, range(len(worth)), cosines, worth, strict=True) if step[3] > 0
        ]
        return sorted(steps, key=lambda step: (-step.worth, step.position))

    def cosines(self, groups: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return the cosine of each recent product with each group, shape ``(n_recent, n_groups)``; 0 with itself."""
        own = self.recent_groups
        cosines = GatheredVectors(self.shop.similarity, groups).cosines(own.tolist())
        cosines[own[:, None] == groups] = 0.0
        return cosines

    def _worth(self, groups: NDArray[np.int32]) -> NDArray[np.float64]:
        cosines = self.cosines(groups)
        cosines *= self.shop.weights.recency_decay ** np.arange(len(self.recent))[:, None]
        return cosines
