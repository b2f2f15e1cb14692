"""The catalogue as arrays: one row per product, and the category tree as ranges."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.vocabulary import Vocabulary

NO_PARENT = -1
# How many ratings it takes to believe a product's own as much as the shop's mean.
PRIOR_RATINGS = 10.0


@dataclass(frozen=True, slots=True)
class CategoryTree:
    """Categories in preorder, so that a subtree is the range ``[c, ends[c])``; the last category is the whole shop.

    ``parents`` and ``ends``: int32, shape ``(n_categories,)``; a root's parent is the whole shop, whose own is -1.
    """

    parents: NDArray[np.int32]
    ends: NDArray[np.int32]

    @property
    def everything(self) -> int:
        return len(self.parents) - 1

    def contains(self, category: int, members: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return which of ``members`` lie in the subtree of ``category``."""
        if category == self.everything:
            return np.ones(len(members), dtype=np.bool_)
        inside: NDArray[np.bool_] = (members >= category) & (members < self.ends[category])
        return inside

    def path_to_root(self, category: int) -> list[int]:
        """Return ``category`` and its ancestors up to the whole shop."""
        path = []
        while category != NO_PARENT:
            path.append(category)
            category = int(self.parents[category])
        return path


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Catalogue:
    """Row-aligned arrays of shape ``(n_products,)``.

    ``prices`` and ``ratings`` are NaN where unknown, ``ratings`` in 0–5. ``groups`` maps a row to its variant group;
    ``group_rows[group_starts[g]:group_starts[g + 1]]`` maps it back. ``best_rated`` and ``newest`` are rows in the
    order of the ladder's last two rungs.
    """

    vocabulary: Vocabulary
    groups: NDArray[np.int32]
    group_starts: NDArray[np.int64]
    group_rows: NDArray[np.int32]
    categories: NDArray[np.int32]
    tree: CategoryTree
    prices: NDArray[np.float64]
    ratings: NDArray[np.float32]
    in_stock: NDArray[np.bool_]
    is_active: NDArray[np.bool_]
    best_rated: NDArray[np.int32]
    newest: NDArray[np.int32]
    # What a product without a rating is taken for, 0–5.
    mean_rating: float

    def variants_of(self, groups: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
        """Return the rows of all ``groups``, and for each row the position of its group in ``groups``."""
        starts, ends = self.group_starts[groups], self.group_starts[groups + 1]
        counts = ends - starts
        positions = np.repeat(np.arange(len(groups)), counts)
        within = np.arange(len(positions)) - np.repeat(np.cumsum(counts) - counts, counts)
        return self.group_rows[np.repeat(starts, counts) + within], positions


def shrunken_mean_rating(ratings: NDArray[np.float32], counts: NDArray[np.int64]) -> float:
    """Return the mean rating, weighted by its counts and shrunk towards the middle of the scale, 2.5."""
    known = ~np.isnan(ratings)
    weights = counts[known].astype(np.float64)
    return float((weights @ ratings[known] + PRIOR_RATINGS * 2.5) / (weights.sum() + PRIOR_RATINGS))


def rows_by_rating(ratings: NDArray[np.float32], counts: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the rated rows, best first. Each rating is shrunk towards the mean: one 5.0 does not outdo 300 of 4.8."""
    rows = np.flatnonzero(~np.isnan(ratings)).astype(np.int32)
    shrunken = shrunken_ratings(ratings[rows], counts[rows], shrunken_mean_rating(ratings, counts))
    ordered: NDArray[np.int32] = rows[np.lexsort((rows, -shrunken))]
    return ordered


def shrunken_ratings(ratings: NDArray[np.float32], counts: NDArray[np.int64], mean: float) -> NDArray[np.float64]:
    """Return ratings drawn towards ``mean`` the more, the fewer they are."""
    weights = counts.astype(np.float64)
    shrunken: NDArray[np.float64] = (weights * ratings + PRIOR_RATINGS * mean) / (weights + PRIOR_RATINGS)
    return shrunken


def with_edits(
    order: NDArray[np.int32],
    falling: NDArray[np.float64],
    product_ids: NDArray[np.int64],
    *,
    changed: NDArray[np.bool_],
    present: NDArray[np.bool_],
) -> NDArray[np.int32]:
    """Return ``order``, rows by falling value and then id, with the ``changed`` rows where they belong now.

    All but ``order`` are row-aligned; changed rows that are not ``present`` drop out. Only what changed is sorted.
    """
    kept = order[~changed[order]]
    moved = np.flatnonzero(changed & present).astype(np.int32)
    # Complex numbers are ordered by their real part, then by the imaginary one.
    moved_keys = -falling[moved] + 1j * product_ids[moved]
    ranks = np.argsort(moved_keys)
    places = np.searchsorted(-falling[kept] + 1j * product_ids[kept], moved_keys[ranks])
    return np.insert(kept, places, moved[ranks])
