import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommendations.evaluation.opinions import Opinions, ShopRules, best

GROUPS = np.array([0, 0, 1, 2, 3, 3], dtype=np.int32)
NOBODY = np.full((1, 1), -1, dtype=np.int32)


def said(*opinions):
    owners, rows, scores = zip(*opinions, strict=True)
    return Opinions(np.array(owners), np.array(rows, dtype=np.int32), np.array(scores, dtype=np.float64))


def test_the_best_come_first_and_equals_by_row():
    (line,) = best(said((0, 3, 0.5), (0, 4, 0.9), (0, 2, 0.5)), ShopRules(GROUPS, NOBODY), 4).tolist()
    assert line == [4, 2, 3, -1]


def test_of_a_variant_group_only_the_best_is_listed():
    (line,) = best(said((0, 0, 0.5), (0, 1, 0.9), (0, 2, 0.7)), ShopRules(GROUPS, NOBODY), 3).tolist()
    assert line == [1, 2, -1]


def test_what_is_left_out_takes_its_variants_along_and_nobody_elses():
    rules = ShopRules(GROUPS, np.array([[0], [-1]], dtype=np.int32))
    lists = best(said((0, 1, 0.9), (0, 2, 0.7), (1, 1, 0.9)), rules, 1)
    assert lists.tolist() == [[2], [1]]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5), st.integers(1, 4)), min_size=1, max_size=30))
def test_lists_are_those_of_a_plain_sort(opinions):
    opinions = list({(owner, row): (owner, row, score) for owner, row, score in opinions}.values())
    lists = best(said(*opinions), ShopRules(GROUPS, np.full((3, 1), -1, dtype=np.int32)), 3)
    for owner in range(3):
        expected, groups = [], set()
        for _, row in sorted((-score, row) for its, row, score in opinions if its == owner):
            if GROUPS[row] not in groups:
                groups.add(GROUPS[row])
                expected.append(row)
        assert [row for row in lists[owner].tolist() if row >= 0] == expected[:3]
