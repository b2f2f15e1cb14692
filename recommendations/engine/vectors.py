"""How alike the texts of groups are, where no list of neighbours tells."""

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.similarity import Similarity


def cosines_between(similarity: Similarity, sources: Sequence[int], groups: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the cosine in [0, 1] of each source group with each of ``groups``, shape ``(n_sources, n_groups)``."""
    n_sources = len(sources)
    owners, terms, values = similarity.gathered(groups)
    # One column per source: what is looked up for a term stands side by side.
    dense = _scratch(similarity.n_terms * n_sources)[: similarity.n_terms * n_sources].reshape(-1, n_sources)
    vectors = [similarity.vector(source) for source in sources]
    try:
        for column, (own, weights) in enumerate(vectors):
            dense[own, column] = weights
        products = dense[terms]
    finally:
        for own, _ in vectors:
            dense[own] = 0.0
    products *= values[:, None]
    cells = owners[:, None] * n_sources + np.arange(n_sources)
    # Of nothing at all it makes whole numbers.
    cosines = np.bincount(cells.ravel(), products.ravel(), len(groups) * n_sources).astype(np.float64, copy=False)
    np.maximum(cosines, 0.0, out=cosines)
    np.minimum(cosines, 1.0, out=cosines)
    return cosines.reshape(-1, n_sources).T


def cosines_one_by_one(similarity: Similarity, source: int, groups: Sequence[int]) -> list[float]:
    """Return the same for one source, sooner where there are few ``groups``."""
    dense = _scratch(similarity.n_terms)
    own, weights = similarity.vector(source)
    try:
        dense[own] = weights
        vectors = map(similarity.vector, groups)
        return [min(max(float(dense[terms].dot(values)), 0.0), 1.0) for terms, values in vectors]
    finally:
        dense[own] = 0.0


def _scratch(size: int) -> NDArray[np.float64]:
    """Return ``size`` zeros or more, of this thread alone; who writes to them sees to it that they are zeros again."""
    dense: NDArray[np.float64] | None = getattr(_local, "dense", None)
    if dense is None or len(dense) < size:
        dense = _local.dense = np.zeros(size)
    return dense


_local = threading.local()
