"""What lists are like, whether or not they hit: how much of the shop they show, how known it is, how alike."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_BATCH = 4096


def coverage(lists: NDArray[np.int32], n_products: int) -> float:
    """Return the share of the catalogue that stands in any list."""
    return len(np.unique(lists[lists >= 0])) / n_products


def novelty(lists: NDArray[np.int32], counts: NDArray[np.int64]) -> float:
    """Return the mean self-information of what is listed, −log2 of a product's share of the training interactions.

    ``counts``: training interactions by row; one more is counted for each, so that an unknown product is finite.
    """
    listed = lists[lists >= 0]
    if not len(listed):
        return 0.0
    shares = (counts + 1) / (counts.sum() + len(counts))
    return float(-np.log2(shares[listed]).mean())


def diversity(lists: NDArray[np.int32], vectors: sparse.csr_matrix) -> float:
    """Return the mean over lists of 1 − the mean cosine of two of its products, of lists that hold two at least.

    ``vectors``: by row, of length 1 or 0 (a text without a word is like no other).
    """
    lengths = (lists >= 0).sum(axis=1)
    lists, lengths = lists[lengths > 1], lengths[lengths > 1]
    total = sum(_unlike(lists[n : n + _BATCH], lengths[n : n + _BATCH], vectors) for n in range(0, len(lists), _BATCH))
    return float(total / len(lists)) if len(lists) else 0.0


def _unlike(lists: NDArray[np.int32], lengths: NDArray[np.int64], vectors: sparse.csr_matrix) -> float:
    held = lists >= 0
    starts = np.concatenate([[0], np.cumsum(lengths)])
    ones = np.ones(starts[-1], dtype=np.float32)
    members = sparse.csr_matrix((ones, lists[held], starts), shape=(len(lists), vectors.shape[0]))
    # |Σv|² holds every pair twice and each product with itself once.
    total = (members @ vectors).power(2).sum(axis=1)
    own = members @ np.asarray(vectors.power(2).sum(axis=1))
    alike = (np.asarray(total) - np.asarray(own)).ravel() / (lengths * (lengths - 1))
    return float((1.0 - alike).sum())
