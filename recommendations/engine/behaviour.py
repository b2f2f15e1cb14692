"""What the shopper's own steps say: products like those met lately, categories the shopper likes."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.candidates import Groups, distinct
from recommendations.engine.recents import Recents, Step
from recommendations.engine.shop import SEVERAL_CATEGORIES, Shop
from recommendations.engine.shopper import Shopper


@dataclass(slots=True)
class BehaviourScorer:
    """0.7·max over recent products of decay^position·cosine + 0.3·category preference.

    ``recent``: rows, newest first, one per variant group.
    """

    shop: Shop
    recent: tuple[int, ...]
    preferences: NDArray[np.float64]
    _said: Recents | None = field(init=False, default=None)

    @classmethod
    def of(cls, shop: Shop, shopper: Shopper, *, but_group: int | None = None) -> "BehaviourScorer":
        """Return the scorer of what is known of ``shopper``, a product that is just being looked at left out."""
        newest: dict[int, int] = {}
        for row in shopper.recent:
            newest.setdefault(int(shop.catalogue.groups[row]), row)
        newest.pop(-1 if but_group is None else but_group, None)
        recent = tuple(newest.values())[: shop.weights.n_recent]
        preferences = shopper.preference_by_category(shop.catalogue.tree)
        return cls(shop, recent, preferences)

    @property
    def _recents(self) -> Recents | None:
        """What recent products say of others, if there are any: worked out where arrays are asked for it."""
        if self._said is None and self.recent:
            self._said = Recents(self.shop, self.recent)
        return self._said

    @property
    def has_opinion(self) -> bool:
        return bool(self.recent) or bool(self.preferences.any())

    def score(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        weights = self.shop.weights
        return weights.recent_share * self.recents(rows) + weights.preference_share * self.preference(rows)

    def bounds(self, groups: Groups) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what each group's best variant is likely to score, and what none of them exceeds.

        As far as that is known without a look at their texts.
        """
        weights, categories = self.shop.weights, self.shop.readings.group_categories[groups]
        liked = self.preferences[categories]
        liked[categories == SEVERAL_CATEGORIES] = self.preferences.max(initial=0.0)
        liked *= weights.preference_share
        if self._recents is None:
            return liked, liked
        least, most = self._recents.bounds(groups)
        return liked + weights.recent_share * least, liked + weights.recent_share * most

    def recents(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return what the recent products say, in [0, 1]."""
        if self._recents is None:
            return np.zeros(len(rows))
        row_groups = self.shop.catalogue.groups[rows]
        groups = distinct(row_groups)
        return self._recents.largest(groups)[groups.searchsorted(row_groups)]

    def preference(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return how much the shopper likes each product's category, in [0, 1]."""
        liked: NDArray[np.float64] = self.preferences[self.shop.catalogue.categories[rows]]
        return liked

    def strongest(self, row: int) -> int | None:
        """Return the recent product that says most for ``row``."""
        return self._recents.strongest(self.shop.catalogue.groups.item(row)) if self._recents else None

    def steps(self, row: int) -> list[Step]:
        """Return the recent products that lead to ``row``, the strongest first."""
        return self._recents.steps(self.shop.catalogue.groups.item(row)) if self._recents else []

    def cosines(self, groups: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return the cosine of each recent product with each group, shape ``(n_recent, n_groups)``; 0 with itself."""
        return self._recents.cosines(groups) if self._recents else np.zeros((0, len(groups)))
