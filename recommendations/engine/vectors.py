"""The texts of some groups, gathered once to be compared with several others."""

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
        dense = np.zeros(self._similarity.n_terms, dtype=np.float32)
        for place, source in enumerate(sources):
            terms, weights = self._similarity.vector(source)
            dense[terms] = weights
            cosines[place] = np.bincount(self._owners, dense[self._terms] * self._values, self._n_groups)
            dense[terms] = 0.0
        return np.clip(cosines, 0.0, 1.0, out=cosines)
