"""The neighbours of a few groups among all, without building the index anew."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommendations.engine.neighbours import NeighbourParameters
from recommendations.engine.patched_similarity import SCORE_DECIMALS, PatchedSimilarity
from recommendations.engine.similarity import Similarity

Listed = tuple[NDArray[np.int64], NDArray[np.float32]]


class FoldIn:
    """Cosines with all groups of one version, term by term: a new text has a few dozen terms, each in few others.

    Holds the vectors of the build a second time, by column: 8 bytes for each term of each group.
    """

    def __init__(self, built: Similarity, parameters: NeighbourParameters) -> None:
        n_groups = len(built.indptr) - 1
        rows = sparse.csr_matrix((built.data, built.indices, built.indptr), shape=(n_groups, built.n_terms))
        self._columns = rows.tocsc()
        self._parameters = parameters
        # A group whose list is full takes only what is at least as near as the last one in it.
        is_full = built.neighbour_ids[:, -1] >= 0 if built.neighbour_ids.shape[1] else np.zeros(n_groups, dtype=bool)
        floor = np.float32(parameters.floor)
        self._thresholds = np.where(is_full, built.neighbour_scores[:, -1], floor).astype(np.float32)

    def find(self, now: PatchedSimilarity, group: int, batch: NDArray[np.int64]) -> tuple[Listed, Listed]:
        """Return the neighbours of ``group``, and the groups outside its ``batch`` among whose nearest it belongs.

        ``now`` has the vectors of the whole batch, but not yet their neighbours.
        """
        cosines = self._cosines(now, group)
        cosines[group] = 0.0
        near = np.flatnonzero(cosines >= self._parameters.floor)
        nearest = near[np.lexsort((near, -np.round(cosines[near], SCORE_DECIMALS)))[: self._parameters.k]]
        others = near[~np.isin(near, batch)]
        reverse = others[cosines[others] >= self._thresholds_of(now, others)]
        return (nearest, cosines[nearest]), (reverse, cosines[reverse])

    def _cosines(self, now: PatchedSimilarity, group: int) -> NDArray[np.float32]:
        """Return the cosine with every group, shape ``(n_groups,)``."""
        terms, weights = now.vector(group)
        cosines = np.zeros(len(now.fresh), dtype=np.float32)
        matrix = self._columns
        for term, weight in zip(terms.tolist(), weights.tolist(), strict=True):
            column = slice(matrix.indptr[term], matrix.indptr[term + 1])
            cosines[matrix.indices[column]] += np.float32(weight) * matrix.data[column]
        fresh = np.flatnonzero(now.fresh >= 0).astype(np.int32)
        cosines[fresh] = now.cosines(group, fresh)
        return np.clip(cosines, 0.0, 1.0)

    def _thresholds_of(self, now: PatchedSimilarity, groups: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return how near one must be to belong in each group's list."""
        floor = np.float32(self._parameters.floor)
        thresholds = np.full(len(groups), floor, dtype=np.float32)
        is_built = now.fresh[groups] < 0
        thresholds[is_built] = self._thresholds[groups[is_built]]
        ends = now.list_starts[groups + 1]
        is_full = ~is_built & (ends - now.list_starts[groups] >= self._parameters.k)
        thresholds[is_full] = now.list_scores[ends[is_full] - 1]
        return np.maximum(thresholds, floor)
