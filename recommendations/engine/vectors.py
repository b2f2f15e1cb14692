"""The texts of some groups, gathered once to be compared with several others."""

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.similarity import Similarity


class GatheredVectors:
    """TF-IDF vectors of ``groups``, shape ``(n_groups, n_terms)``, as they stand one after the other."""

    def __init__(self, similarity: Similarity, groups: NDArray[np.int32]) -> None:
        self._similarity, self._n_groups = similarity, len(groups)
        self._owners, self._terms, self._values = similarity.gathered(groups)

    def cosines(self, sources: Sequence[int]) -> NDArray[np.float64]:
        """Return the cosine in [0, 1] of each source group with each gathered one, shape ``(n_sources, n_groups)``."""
        cosines = np.empty((len(sources), self._n_groups))
        dense = np.zeros(self._similarity.n_terms)
        for place, source in enumerate(sources):
            terms, weights = self._similarity.vector(source)
            dense[terms] = weights
            cosines[place] = np.bincount(self._owners, dense[self._terms] * self._values, self._n_groups)
            dense[terms] = 0.0
        return np.clip(cosines, 0.0, 1.0, out=cosines)


def cosines_one_by_one(similarity: Similarity, source: int, groups: Sequence[int]) -> list[float]:
    """Return the same as :class:`GatheredVectors` would, sooner where there are few ``groups``."""
    dense = _scratch(similarity.n_terms)
    own, weights = similarity.vector(source)
    try:
        dense[own] = weights
        vectors = map(similarity.vector, groups)
        return [min(max(float(dense[terms].dot(values)), 0.0), 1.0) for terms, values in vectors]
    finally:
        dense[own] = 0.0


def _scratch(n_terms: int) -> NDArray[np.float64]:
    """Return zeros, of this thread alone; who writes to them sees to it that they are zeros again."""
    dense: NDArray[np.float64] | None = getattr(_local, "dense", None)
    if dense is None or len(dense) < n_terms:
        dense = _local.dense = np.zeros(n_terms)
    return dense


_local = threading.local()
