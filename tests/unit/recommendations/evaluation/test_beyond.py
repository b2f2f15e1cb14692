import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from recommendations.evaluation.beyond import coverage, diversity, novelty


def lines(*lists):
    return np.array(lists, dtype=np.int32)


def test_coverage_counts_what_stands_in_any_list():
    assert coverage(lines([0, 1], [1, -1]), n_products=8) == 2 / 8


def test_a_product_in_a_quarter_of_the_interactions_is_two_bits_new():
    # One more is counted for each of the four products: (1 + 1) / (4 + 4).
    assert novelty(lines([0]), np.array([1, 1, 1, 1])) == 2.0


def test_novelty_is_the_mean_over_what_is_listed():
    counts = np.array([5, 1, 0, 0])
    assert novelty(lines([0, 1], [2, -1]), counts) == pytest.approx(-np.log2([6 / 10, 2 / 10, 1 / 10]).mean())


def test_a_product_that_nobody_met_is_finitely_new():
    assert np.isfinite(novelty(lines([1]), np.array([10_000, 0])))


def test_lists_of_the_same_are_not_diverse_and_lists_of_strangers_are():
    vectors = sparse.csr_matrix([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert diversity(lines([0, 1]), vectors) == pytest.approx(0.0)
    assert diversity(lines([0, 2]), vectors) == pytest.approx(1.0)
    assert diversity(lines([0, 1], [0, 2], [1, -1]), vectors) == pytest.approx(0.5)


@given(st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_diversity_is_the_mean_over_all_pairs(length, seed):
    rng = np.random.default_rng(seed)
    vectors = rng.random((10, 4))
    vectors[3] = 0.0
    vectors[:3] /= np.linalg.norm(vectors[:3], axis=1, keepdims=True)
    vectors[4:] /= np.linalg.norm(vectors[4:], axis=1, keepdims=True)
    rows = rng.permutation(10)[:length]
    pairs = [1 - vectors[a] @ vectors[b] for a in rows for b in rows if a != b]
    assert diversity(lines(rows), sparse.csr_matrix(vectors)) == pytest.approx(np.mean(pairs), abs=1e-6)
