"""Which groups read alike: the neighbours that were found at build time, and any other pair on demand."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Similarity:
    """Neighbours and TF-IDF vectors between variant groups.

    ``neighbour_ids`` (int32, -1 beyond the last) and ``neighbour_scores`` (float32): shape ``(n_groups, k)``.
    ``indptr``, ``indices``, ``data``: the vectors as CSR, shape ``(n_groups, n_terms)``, rows of length 1 or 0.
    """

    neighbour_ids: NDArray[np.int32]
    neighbour_scores: NDArray[np.float32]
    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    data: NDArray[np.float32]
    n_terms: int

    def neighbours(self, group: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the neighbours of ``group``, nearest first, and their cosines in [0, 1]."""
        ids = self.neighbour_ids[group]
        n = int(np.count_nonzero(ids >= 0))
        return ids[:n], self.neighbour_scores[group, :n]

    def listed(self, group: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the same, perhaps with -1 behind the last: sooner than counting them."""
        return self.neighbour_ids[group], self.neighbour_scores[group]

    def vector(self, group: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the terms of ``group``, ascending, and their weights."""
        own = slice(self.indptr[group], self.indptr[group + 1])
        return self.indices[own], self.data[own]

    def gathered(self, groups: NDArray[np.int32]) -> tuple[NDArray[np.intp], NDArray[np.int32], NDArray[np.float32]]:
        """Return the vectors of ``groups`` as triples: the place in ``groups``, a term, its weight."""
        starts = self.indptr[groups]
        counts = self.indptr[groups + 1] - starts
        owners = np.arange(len(groups)).repeat(counts)
        places = (starts - counts.cumsum() + counts).repeat(counts)
        places += np.arange(len(places))
        return owners, self.indices[places], self.data[places]

    def cosines(self, group: int, others: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the cosine in [0, 1] between ``group`` and each of ``others``; 0 for an empty text."""
        terms, weights = self.vector(group)
        dense = np.zeros(self.n_terms, dtype=np.float32)
        dense[terms] = weights
        owners, terms, weights = self.gathered(others)
        return np.clip(np.bincount(owners, dense[terms] * weights, len(others)), 0.0, 1.0).astype(np.float32)
