import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from recommendations.engine.similarity import Similarity
from tests.unit.recommendations.factories import Item, make_similarity


def similarity_of(vectors):
    nobody = np.full((vectors.shape[0], 1), -1, dtype=np.int32)
    indptr = vectors.indptr.astype(np.int64)
    scores = np.zeros((vectors.shape[0], 1), dtype=np.float32)
    return Similarity(nobody, scores, indptr, vectors.indices, vectors.data, vectors.shape[1])


@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.data())
def test_cosines_are_dot_products(seed, n_groups, data):
    vectors = sparse.random(n_groups, 9, density=0.3, random_state=seed, dtype=np.float32, format="csr") / 3
    group = data.draw(st.integers(0, n_groups - 1))
    others = np.array(data.draw(st.lists(st.integers(0, n_groups - 1))), dtype=np.int32)
    dense = vectors.toarray()
    np.testing.assert_allclose(similarity_of(vectors).cosines(group, others), dense[others] @ dense[group], atol=1e-6)


def test_an_empty_text_is_like_nothing():
    similarity = make_similarity([Item("copper kettle"), Item(""), Item("kettle")])
    assert similarity.cosines(0, np.array([1])) == 0
    assert similarity.cosines(1, np.array([0, 1, 2])).tolist() == [0, 0, 0]


def test_a_shop_without_one_word():
    assert make_similarity([Item(), Item()]).cosines(0, np.array([0, 1])).tolist() == [0, 0]


def test_neighbours_end_where_there_are_no_more():
    ids, scores = make_similarity([Item("copper kettle"), Item("kettle"), Item("rope")]).neighbours(0)
    assert ids.tolist() == [1]
    assert len(scores) == 1
