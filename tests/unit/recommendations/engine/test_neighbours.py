import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from recommendations.engine.neighbours import NeighbourParameters, find_neighbours, find_neighbours_of_some


def unit_rows(dense):
    lengths = np.linalg.norm(dense, axis=1, keepdims=True)
    return sparse.csr_matrix(np.divide(dense, lengths, where=lengths > 0, out=np.zeros_like(dense)), dtype=np.float32)


def brute_force(vectors, k, floor):
    """Every row's neighbours by the plain definition, from the dense product."""
    cosines = np.round((vectors @ vectors.T).toarray().astype(np.float64), 6)
    return [
        sorted((other for other in range(len(row)) if other != own and row[other] > floor), key=lambda o: (-row[o], o))[
            :k
        ]
        for own, row in enumerate(cosines)
    ]


def ids_of(neighbours):
    return [row[row >= 0].tolist() for row in neighbours.ids]


@st.composite
def random_vectors(draw):
    """Not of length one, but such that their products are exact in float32, in whatever order they are summed."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    n_rows, n_terms = draw(st.integers(1, 40)), draw(st.integers(1, 12))
    sixteenths = random.integers(1, 5, (n_rows, n_terms)) * (
        random.random((n_rows, n_terms)) < draw(st.floats(0.05, 0.6))
    )
    return sparse.csr_matrix(sixteenths / 16, dtype=np.float32)


@given(random_vectors(), st.integers(1, 50), st.sampled_from([0.0, 0.1, 0.125, 0.25]))
def test_equal_to_brute_force(vectors, k, floor):
    found = find_neighbours(vectors, NeighbourParameters(k=k, floor=floor, surplus=40))
    assert ids_of(found) == brute_force(vectors, k, floor)


@given(random_vectors(), st.integers(1, 12))
def test_the_same_by_any_row_blocks(vectors, block_rows):
    whole = find_neighbours(vectors, NeighbourParameters(k=7))
    in_blocks = find_neighbours(vectors, NeighbourParameters(k=7, block_rows=block_rows))
    assert np.array_equal(whole.ids, in_blocks.ids)
    assert np.array_equal(whole.scores, in_blocks.scores)


@given(random_vectors(), st.data())
def test_the_same_for_some_rows_alone(vectors, data):
    rows = data.draw(st.lists(st.integers(0, vectors.shape[0] - 1), unique=True))
    whole, parameters = find_neighbours(vectors, NeighbourParameters(k=7)), NeighbourParameters(k=7, block_rows=3)
    some = find_neighbours_of_some(vectors, np.array(rows, dtype=np.intp), parameters)
    assert np.array_equal(whole.ids[rows], some.ids)
    assert np.array_equal(whole.scores[rows], some.scores)


@given(random_vectors())
@settings(max_examples=20)
def test_the_same_by_any_number_of_threads(vectors):
    one, two = (find_neighbours(vectors, NeighbourParameters(k=7), threads=n) for n in (1, 2))
    assert np.array_equal(one.ids, two.ids)
    assert np.array_equal(one.scores, two.scores)


@given(random_vectors())
def test_scores_fall_and_lie_between_the_floor_and_one(vectors):
    found = find_neighbours(vectors, NeighbourParameters(k=60, floor=0.3))
    scores = found.scores[found.ids >= 0]
    assert np.all((scores >= 0.3) & (scores <= 1))
    assert np.all(np.diff(np.round(found.scores, 6)) <= 0)
    assert np.all(found.scores[found.ids < 0] == 0)


def test_equals_are_ordered_by_row():
    found = find_neighbours(unit_rows(np.ones((5, 3), dtype=np.float32)), NeighbourParameters(k=3))
    assert ids_of(found) == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2]]


def test_fewer_rows_than_asked_for():
    found = find_neighbours(unit_rows(np.ones((3, 2), dtype=np.float32)), NeighbourParameters(k=100))
    assert found.ids.shape == found.scores.shape == (3, 100)
    assert ids_of(found) == [[1, 2], [0, 2], [0, 1]]


def test_a_row_without_text_has_no_neighbours_and_is_nobodys():
    vectors = unit_rows(np.array([[1, 1], [0, 0], [1, 0]], dtype=np.float32))
    assert ids_of(find_neighbours(vectors, NeighbourParameters())) == [[2], [], [0]]


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (4, 0)])
def test_nothing_to_compare(shape):
    found = find_neighbours(sparse.csr_matrix(shape, dtype=np.float32), NeighbourParameters(k=3))
    assert ids_of(found) == [[]] * shape[0]


def test_progress_is_told_to_the_end():
    told = []
    vectors = unit_rows(np.ones((5, 2), dtype=np.float32))
    find_neighbours(vectors, NeighbourParameters(block_rows=2), on_progress=lambda done, n: told.append((done, n)))
    assert told == [(2, 5), (4, 5), (5, 5)]
