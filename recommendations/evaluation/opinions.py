"""From scores of many cases at once to a list for each of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

# Scores that differ by less are one score, whose products stand by row: the order of summation decides nothing.
DECIMALS = 9


@dataclass(frozen=True, slots=True)
class Opinions:
    """What a scorer thinks of products, one entry per opinion: ``owners``, the case; ``rows``; ``scores``, above 0."""

    owners: NDArray[np.intp]
    rows: NDArray[np.int32]
    scores: NDArray[np.float64]

    @classmethod
    def none(cls) -> "Opinions":
        return cls(np.empty(0, np.intp), np.empty(0, np.int32), np.empty(0))

    @classmethod
    def of_matrix(cls, matrix: sparse.csr_matrix) -> "Opinions":
        """Return the entries of a matrix of shape ``(n_cases, n_products)``."""
        owners = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        return cls(owners, matrix.indices.astype(np.int32), matrix.data.astype(np.float64))

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "Opinions":
        return Opinions(self.owners[chosen], self.rows[chosen], self.scores[chosen])


@dataclass(frozen=True, slots=True)
class ShopRules:
    """What every list of this shop keeps to: one product per variant group, and nothing that is ``left_out``.

    ``groups``: int32, shape ``(n_products,)``. ``left_out``: rows, −1 beyond the last, shape ``(n_cases, n)``; with a
    product all its variants are left out.
    """

    groups: NDArray[np.int32]
    left_out: NDArray[np.int32]

    def allowed(self, opinions: Opinions) -> Opinions:
        owners, places = np.nonzero(self.left_out >= 0)
        unwanted = self._keys(owners, self.left_out[owners, places])
        return opinions.where(~np.isin(self._keys(opinions.owners, opinions.rows), unwanted))

    def first_of_each_group(self, ordered: Opinions) -> Opinions:
        _, first = np.unique(self._keys(ordered.owners, ordered.rows), return_index=True)
        return ordered.where(np.sort(first))

    @property
    def has_variants(self) -> bool:
        return int(self.groups.max(initial=0)) + 1 < len(self.groups)

    def _keys(self, owners: NDArray[np.intp], rows: NDArray[np.int32]) -> NDArray[np.int64]:
        return owners.astype(np.int64) * (int(self.groups.max(initial=0)) + 1) + self.groups[rows]


def best(opinions: Opinions, rules: ShopRules, n: int) -> NDArray[np.int32]:
    """Return each case's best ``n`` rows, best first and −1 beyond the last, ordered by (−score, row)."""
    allowed = rules.allowed(opinions)
    ordered = allowed.where(np.lexsort((allowed.rows, -np.round(allowed.scores, DECIMALS), allowed.owners)))
    if rules.has_variants:
        ordered = rules.first_of_each_group(ordered)
    places = np.arange(len(ordered.owners)) - np.searchsorted(ordered.owners, ordered.owners)
    kept = places < n
    lists = np.full((len(rules.left_out), n), -1, dtype=np.int32)
    lists[ordered.owners[kept], places[kept]] = ordered.rows[kept]
    return lists


def gathered(matrix: sparse.csr_matrix, rows: NDArray[np.int32], worth: NDArray[np.float64]) -> sparse.csr_matrix:
    """Return for each case the lines of ``matrix`` that its ``rows`` name, added up, each times its place's ``worth``.

    ``rows``: shape ``(n_cases, n)``, −1 for none; ``worth``: shape ``(n,)``.
    """
    owners, places = np.nonzero(rows >= 0)
    shape = (len(rows), matrix.shape[0])
    chosen = sparse.csr_matrix((worth[places], (owners, rows[owners, places])), shape=shape)
    return (chosen @ matrix).tocsr()
