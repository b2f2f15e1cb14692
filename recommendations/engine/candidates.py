"""Which products a list considers at all: whole variant groups, so that each can be shown by its best variant."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.filters import Filter
from recommendations.engine.neighbours import NeighbourParameters
from recommendations.engine.shop import Shop

Groups = NDArray[np.int32] | NDArray[np.intp]
# The categories a shopper likes best bring in their hottest; more would only make the list slow.
MAX_LIKED_CATEGORIES = 20
FLOOR = NeighbourParameters().floor


@dataclass(slots=True)
class Candidates:
    """Products, variant group by variant group.

    ``groups``, ``starts`` and ``counts``: shape ``(n_groups,)``, no group twice and none without a product;
    ``rows[starts[i]:starts[i] + counts[i]]`` are the variants of ``groups[i]``.
    """

    groups: Groups
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]
    rows: NDArray[np.int32]

    @classmethod
    def of(cls, shop: Shop, groups: Groups) -> "Candidates":
        """Return all variants of ``groups``, which are distinct."""
        counts = shop.readings.group_sizes[groups]
        if not counts.all():  # a group all of whose products were deleted
            return cls.of(shop, groups[counts > 0])
        starts = counts.cumsum()
        starts -= counts
        places = (shop.catalogue.group_starts[groups] - starts).repeat(counts)
        places += np.arange(len(places))
        return cls(groups, starts, counts, shop.catalogue.group_rows[places])

    def only(self, kept: NDArray[np.bool_]) -> "Candidates":
        """Return the groups that are ``kept``, shape ``(n_groups,)``."""
        counts = self.counts[kept]
        starts = counts.cumsum()
        starts -= counts
        return Candidates(self.groups[kept], starts, counts, self.rows[kept.repeat(self.counts)])

    def spread(self, by_group: NDArray[np.floating], groups: Groups | None = None) -> NDArray[np.float64]:
        """Return a value per row from one per group, or per each of ``groups``, of which these are a part in order."""
        if groups is not None and len(groups) != len(self.groups):
            by_group = by_group[np.isin(groups, self.groups)]
        return by_group.astype(np.float64).repeat(self.counts)

    def best(self, by_row: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return each group's largest value."""
        best: NDArray[np.float64] = np.maximum.reduceat(by_row, self.starts) if len(self.starts) else np.empty(0)
        return best


def near_groups(shop: Shop, row: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the groups that read most like the one of ``row``, nearest first, and their cosines."""
    return shop.similarity.neighbours(int(shop.catalogue.groups[row]))


def most_outside(cosines: NDArray[np.floating]) -> float:
    """Return what the cosine of no group outside a list of neighbours exceeds, given those in it, nearest first."""
    return max(FLOOR, float(cosines[-1])) if len(cosines) else FLOOR


def hot_groups(shop: Shop, categories: Iterable[int]) -> NDArray[np.int32]:
    """Return the groups of the categories' hottest products, ascending."""
    hot = [shop.hotness.hot[category][: shop.weights.n_hot_candidates] for category in categories]
    return distinct(shop.catalogue.groups[hot[0] if len(hot) == 1 else np.concatenate(hot)])


def user_groups(
    shop: Shop, recent: Iterable[int], preferences: Mapping[int, float], filtering: Filter
) -> NDArray[np.int32]:
    """Return the groups near a shopper's recent products, and what is hot where the shopper looks, likes or is."""
    near = [near_groups(shop, row)[0] for row in recent]
    liked = sorted(preferences, key=lambda category: -preferences[category])[:MAX_LIKED_CATEGORIES]
    looked_at = {int(shop.catalogue.categories[row]) for row in recent}
    categories = filtering.categories or {*liked, *looked_at, shop.catalogue.tree.everything}
    return distinct(np.concatenate([hot_groups(shop, categories), *near]))


def distinct(groups: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return each group once, ascending: ``np.unique`` without its overhead."""
    ordered = np.sort(groups)
    if len(ordered) > 1:
        is_new = np.empty(len(ordered), dtype=np.bool_)
        is_new[0] = True
        np.not_equal(ordered[1:], ordered[:-1], out=is_new[1:])
        ordered = ordered[is_new]
    return ordered
