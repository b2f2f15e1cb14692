import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine.vocabulary import Vocabulary

ids = st.lists(st.integers(1, 2**62), unique=True).map(sorted)


def vocabulary(*product_ids):
    return Vocabulary(np.array(product_ids, dtype=np.int64))


@given(ids)
def test_every_id_finds_its_row(product_ids):
    known = vocabulary(*product_ids)
    assert known.rows_of(known.product_ids).tolist() == list(range(len(product_ids)))
    assert [known.row_of(product_id) for product_id in product_ids] == list(range(len(product_ids)))


@given(ids, st.integers(-(2**62), 2**62))
def test_one_id_and_many_are_looked_up_alike(product_ids, wanted):
    known = vocabulary(*product_ids)
    row = known.row_of(wanted)
    assert known.rows_of(np.array([wanted])).tolist() == [-1 if row is None else row]


@given(st.lists(st.tuples(st.integers(-(2**62), 2**62), st.booleans()), unique_by=lambda pair: pair[0]))
def test_rows_in_any_order_are_found_unless_they_are_gone(pairs):
    product_ids, found = np.array([pair[0] for pair in pairs], np.int64), np.array([pair[1] for pair in pairs], bool)
    known = Vocabulary.of_rows(product_ids, found)
    expected = [row if is_there else -1 for row, is_there in enumerate(found.tolist())]
    assert known.rows_of(product_ids).tolist() == expected
    assert [known.row_of(int(product_id)) for product_id in product_ids] == [
        row if row >= 0 else None for row in expected
    ]
    assert len(known) == len(pairs)


@pytest.mark.parametrize("unknown", [-5, 0, 9, 11, 31, 2**63 - 1])
def test_an_unknown_id_has_no_row(unknown):
    assert vocabulary(10, 20, 30).row_of(unknown) is None


def test_an_id_longer_than_64_bits_is_unknown():
    assert vocabulary(10, 20, 30).row_of(10**23) is None


def test_an_empty_catalogue_knows_nobody():
    assert vocabulary().row_of(1) is None
    assert vocabulary().rows_of(np.array([1, 2])).tolist() == [-1, -1]
