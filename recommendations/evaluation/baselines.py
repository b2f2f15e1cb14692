"""What every shop could do: the popular, what is bought or seen along with the last product, sessions like this one."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sparse_dot_topn import sp_matmul_topn

from recommendations.evaluation.cases import MAX_RECENT, Cases
from recommendations.evaluation.log import Interactions
from recommendations.evaluation.metrics import DEPTH
from recommendations.evaluation.opinions import Opinions

# Sessions that session-kNN listens to (Jannach & Ludewig, RecSys 2017, use 100 to 500).
NEIGHBOUR_SESSIONS = 100
# As many of a ranking as a list may need: all that a shopper met lately may be left out of it.
RANKED = DEPTH + MAX_RECENT + 1


class Scorer(Protocol):
    """One column of the comparison."""

    name: str

    def opinions(self, cases: Cases) -> Opinions:
        """Return what it thinks of products in each of ``cases``; nothing of a product is no opinion."""
        ...


class Popularity:
    """The most frequent products of the training part, for everybody."""

    name = "popularity"

    def __init__(self, train: Interactions, groups: NDArray[np.int32]) -> None:
        self._counts = np.bincount(train.rows, minlength=len(groups)).astype(np.float64)
        self._rows = _ranked(self._counts, np.flatnonzero(self._counts), groups)

    def opinions(self, cases: Cases) -> Opinions:
        rows = np.tile(self._rows, len(cases))
        return Opinions(np.repeat(np.arange(len(cases)), len(self._rows)), rows, self._counts[rows])


class CategoryPopularity:
    """The most frequent of the last product's own category, then the most frequent of all."""

    name = "category_popularity"

    def __init__(self, train: Interactions, groups: NDArray[np.int32], categories: NDArray[np.int32]) -> None:
        counts = np.bincount(train.rows, minlength=len(groups)).astype(np.float64)
        known = np.flatnonzero(counts)
        n_categories = int(categories.max(initial=0)) + 1
        popular = _ranked(counts, known, groups)
        lines = []
        for category in range(n_categories):
            own = _ranked(counts, known[categories[known] == category], groups)
            others = popular[~np.isin(groups[popular], groups[own])]
            lines.append(np.concatenate([own, others])[:RANKED])
        self._lines, self._categories = lines, categories

    def opinions(self, cases: Cases) -> Opinions:
        lines = [self._lines[category] for category in self._categories[cases.last_rows].tolist()]
        lengths = np.array([len(line) for line in lines])
        places = np.concatenate([np.arange(length) for length in lengths])
        return Opinions(np.repeat(np.arange(len(cases)), lengths), np.concatenate(lines), 1.0 / (1.0 + places))


class ItemKnn:
    """Cosine of session co-occurrence with the last product: n(both) / √(n(one)·n(other)), n counting sessions.

    Sarwar et al., WWW 2001; on the last click as in Hidasi et al., ICLR 2016, without their shrinkage.
    """

    name = "item_knn"

    def __init__(self, train: Interactions, n_products: int) -> None:
        members = session_members(train, n_products)
        both = (members.T @ members).tocsr()
        both.setdiag(0.0)
        both.eliminate_zeros()
        scale = sparse.diags(1.0 / np.sqrt(np.maximum(_sums(members, 0), 1.0)))
        self._similarity = (scale @ both @ scale).tocsr()

    def opinions(self, cases: Cases) -> Opinions:
        return Opinions.of_matrix(self._similarity[cases.last_rows])


class SessionKnn:
    """Products of the sessions most like this one, each by the sum of their cosines with it, as sets of products.

    Jannach & Ludewig, RecSys 2017, with all sessions as candidates instead of the most recent ones.
    """

    name = "session_knn"

    def __init__(self, train: Interactions, n_products: int) -> None:
        self._members = session_members(train, n_products)
        lengths = np.sqrt(_sums(self._members, 1))
        self._by_product = (sparse.diags(1.0 / lengths) @ self._members).T.tocsr()

    def opinions(self, cases: Cases) -> Opinions:
        recent = cases.recent()
        owners, places = np.nonzero(recent >= 0)
        lengths = np.sqrt((recent >= 0).sum(axis=1))
        shape = (len(cases), self._members.shape[1])
        asked = sparse.csr_matrix((1.0 / lengths[owners], (owners, recent[owners, places])), shape=shape)
        near = sp_matmul_topn(asked, self._by_product, top_n=NEIGHBOUR_SESSIONS, threshold=0.0, sort=True)
        return Opinions.of_matrix((near @ self._members).tocsr())


def session_members(log: Interactions, n_products: int) -> sparse.csr_matrix:
    """Return which products each session has, as ones: shape ``(n_sessions, n_products)``."""
    log, sessions = log.by_session()
    members = sparse.csr_matrix(
        (np.ones(len(log)), (sessions, log.rows)), shape=(int(sessions.max(initial=-1)) + 1, n_products)
    )
    members.sum_duplicates()
    members.data[:] = 1.0
    return members


def _sums(matrix: sparse.csr_matrix, axis: int) -> NDArray[np.float64]:
    return np.asarray(matrix.sum(axis=axis), dtype=np.float64).ravel()


def _ranked(counts: NDArray[np.float64], rows: NDArray[np.intp], groups: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the most frequent of ``rows``, one of each variant group."""
    ordered = rows[np.lexsort((rows, -counts[rows]))]
    _, first = np.unique(groups[ordered], return_index=True)
    return ordered[np.sort(first)][:RANKED].astype(np.int32)
