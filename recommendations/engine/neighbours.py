"""Nearest neighbours by cosine, in row blocks: no n×n matrix ever exists."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sparse_dot_topn import sp_matmul_topn

# Up to so many rows a step takes block_rows of them, a second or two.
FULL_STEP_UP_TO = 50_000


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
    return find_neighbours_of_rows(
        vectors, range(vectors.shape[0]), parameters, threads=threads, on_progress=on_progress
    )


def find_neighbours_of_rows(
    vectors: sparse.csr_matrix,
    rows: range,
    parameters: NeighbourParameters,
    *,
    threads: int = 1,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Neighbours:
    """Return the neighbours of ``rows`` (consecutive ones) among all rows, bit for bit as :func:`find_neighbours`."""
    ids = np.full((len(rows), parameters.k), -1, dtype=np.int32)
    scores = np.zeros((len(rows), parameters.k), dtype=np.float32)
    columns = vectors.T.tocsr()
    step = _rows_per_step(parameters, vectors.shape[0])
    for start in range(rows.start, rows.stop, step):
        stop = min(start + step, rows.stop)
        own = np.arange(start, stop)
        block = _neighbours_of_rows(vectors[start:stop], columns, own, parameters, threads)
        done = slice(start - rows.start, stop - rows.start)
        ids[done], scores[done] = block.ids, block.scores
        on_progress(done.stop, len(rows))
    return Neighbours(ids, scores)


def find_neighbours_of_some(
    vectors: sparse.csr_matrix, rows: NDArray[np.intp], parameters: NeighbourParameters, *, threads: int = 1
) -> Neighbours:
    """Return the neighbours of some ``rows`` among all rows, as :func:`find_neighbours` would."""
    ids = np.full((len(rows), parameters.k), -1, dtype=np.int32)
    scores = np.zeros((len(rows), parameters.k), dtype=np.float32)
    columns = vectors.T.tocsr()
    step = _rows_per_step(parameters, vectors.shape[0])
    for start in range(0, len(rows), step):
        own = rows[start : start + step]
        block = _neighbours_of_rows(vectors[own], columns, own, parameters, threads)
        ids[start : start + step], scores[start : start + step] = block.ids, block.scores
    return Neighbours(ids, scores)


def _rows_per_step(parameters: NeighbourParameters, n_rows: int) -> int:
    """Return fewer rows the more there are to compare with: no other thread runs during a step (it holds the GIL)."""
    return max(1, min(parameters.block_rows, parameters.block_rows * FULL_STEP_UP_TO // max(n_rows, 1)))


def _neighbours_of_rows(
    asked: sparse.csr_matrix,
    columns: sparse.csr_matrix,
    own: NDArray[np.intp],
    parameters: NeighbourParameters,
    threads: int,
) -> Neighbours:
    """Return the neighbours of the vectors ``asked``, which stand in the rows ``own`` of the whole."""
    n_rows, k = len(own), parameters.k
    ids = np.full((n_rows, k), -1, dtype=np.int32)
    scores = np.zeros((n_rows, k), dtype=np.float32)
    if asked.shape[1]:
        top_n = min(k + parameters.surplus + 1, columns.shape[1])
        found = sp_matmul_topn(asked, columns, top_n=top_n, threshold=parameters.floor, n_threads=threads).tocoo()
        rows, columns_found, values = found.row, found.col, np.clip(found.data, 0.0, 1.0)
        others = columns_found != own[rows]
        rows, columns_found, values = rows[others], columns_found[others], values[others]
        order = np.lexsort((columns_found, -np.round(values, 6), rows))
        rows, columns_found, values = rows[order], columns_found[order], values[order]
        places = np.arange(len(rows)) - np.searchsorted(rows, rows)
        kept = places < k
        ids[rows[kept], places[kept]] = columns_found[kept]
        scores[rows[kept], places[kept]] = values[kept]
    return Neighbours(ids, scores)
