"""Nearest neighbours by cosine, in row blocks: no n×n matrix ever exists."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sparse_dot_topn import sp_matmul_topn


@dataclass(frozen=True, slots=True)
class NeighbourParameters:
    """Keep the ``k`` nearest with a cosine of at least ``floor``."""

    k: int = 100
    floor: float = 0.1
    # Fetched beyond k, so that equal scores at the cut are ordered by id and not by the order of summation.
    surplus: int = 32
    block_rows: int = 2048


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Row i: ``ids[i]`` nearest first, -1 beyond the last; ``scores[i]`` in [0, 1]. Both of shape ``(n, k)``."""

    ids: NDArray[np.int32]
    scores: NDArray[np.float32]


def find_neighbours(
    vectors: sparse.csr_matrix,
    parameters: NeighbourParameters,
    *,
    threads: int = 1,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Neighbours:
    """Return each row's neighbours among all rows, itself left out, ordered by (−round(score, 6), row)."""
    n, k = vectors.shape[0], parameters.k
    ids = np.full((n, k), -1, dtype=np.int32)
    scores = np.zeros((n, k), dtype=np.float32)
    columns = vectors.T.tocsr()
    for start in range(0, n, parameters.block_rows):
        stop = min(start + parameters.block_rows, n)
        block = _neighbours_of_rows(vectors, columns, start, stop, parameters, threads)
        ids[start:stop], scores[start:stop] = block.ids, block.scores
        on_progress(stop, n)
    return Neighbours(ids, scores)


def _neighbours_of_rows(
    vectors: sparse.csr_matrix,
    columns: sparse.csr_matrix,
    start: int,
    stop: int,
    parameters: NeighbourParameters,
    threads: int,
) -> Neighbours:
    n_rows, k = stop - start, parameters.k
    ids = np.full((n_rows, k), -1, dtype=np.int32)
    scores = np.zeros((n_rows, k), dtype=np.float32)
    if vectors.shape[1]:
        top_n = min(k + parameters.surplus + 1, vectors.shape[0])
        found = sp_matmul_topn(
            vectors[start:stop], columns, top_n=top_n, threshold=parameters.floor, n_threads=threads
        ).tocoo()
        rows, columns_found, values = found.row, found.col, np.clip(found.data, 0.0, 1.0)
        others = columns_found != rows + start
        rows, columns_found, values = rows[others], columns_found[others], values[others]
        order = np.lexsort((columns_found, -np.round(values, 6), rows))
        rows, columns_found, values = rows[order], columns_found[order], values[order]
        places = np.arange(len(rows)) - np.searchsorted(rows, rows)
        kept = places < k
        ids[rows[kept], places[kept]] = columns_found[kept]
        scores[rows[kept], places[kept]] = values[kept]
    return Neighbours(ids, scores)
