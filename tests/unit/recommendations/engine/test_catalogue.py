import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine.catalogue import rows_by_rating, shrunken_mean_rating, with_edits
from tests.unit.recommendations.factories import Item, make_catalogue, make_tree

names = st.sampled_from(["a", "b", "c d", "a b", "z"])
paths = st.lists(st.lists(names, min_size=1, max_size=4).map(" > ".join), max_size=12)


@given(paths)
def test_a_subtree_is_what_begins_with_its_path(drawn):
    tree, places = make_tree(drawn)
    members = np.array(list(places.values()), dtype=np.int32)
    for path in filter(None, drawn):
        below = {other for other in places if other and (other == path or other.startswith(path + " > "))}
        contained = tree.contains(places[path], members)
        assert {other for other, inside in zip(places, contained, strict=True) if inside} == below


@given(paths)
def test_the_path_to_the_root_climbs_to_the_whole_shop(drawn):
    tree, places = make_tree(drawn)
    for path in filter(None, drawn):
        parts = path.split(" > ")
        climb = [places[" > ".join(parts[:n])] for n in range(len(parts), 0, -1)]
        assert tree.path_to_root(places[path]) == [*climb, tree.everything]


def test_the_whole_shop_holds_the_uncategorised_too():
    tree, places = make_tree(["Home > Tea"])
    assert tree.contains(tree.everything, np.array([places["Home"], places[None]])).all()
    assert tree.path_to_root(places[None]) == [places[None], tree.everything]


def test_variants_of_groups_come_with_their_groups_position():
    catalogue = make_catalogue([Item(group="a"), Item(), Item(group="a"), Item(group="b"), Item(group="a")])
    rows, positions = catalogue.variants_of(np.array([2, 0], dtype=np.int32))
    assert rows.tolist() == [3, 0, 2, 4]
    assert positions.tolist() == [0, 1, 1, 1]


def test_variants_of_no_group_are_none():
    rows, positions = make_catalogue([Item()]).variants_of(np.empty(0, dtype=np.int32))
    assert len(rows) == len(positions) == 0


@pytest.mark.parametrize(
    ("ratings", "counts", "mean"),
    [([], [], 2.5), ([np.nan], [0], 2.5), ([5.0], [10], 3.75), ([5.0, np.nan], [10, 99], 3.75), ([4.0], [10**9], 4.0)],
)
def test_few_ratings_stay_near_the_middle(ratings, counts, mean):
    found = shrunken_mean_rating(np.array(ratings, dtype=np.float32), np.array(counts, dtype=np.int64))
    assert found == pytest.approx(mean, abs=1e-6)


def test_many_good_ratings_stand_before_one_perfect_one():
    ratings = np.array([5.0, np.nan, 4.8, 4.0, 4.8], dtype=np.float32)
    assert rows_by_rating(ratings, np.array([1, 0, 300, 30, 900])).tolist() == [4, 2, 0, 3]


def test_equal_ratings_stand_by_row():
    assert rows_by_rating(np.array([4.0, 4.0], dtype=np.float32), np.array([7, 7])).tolist() == [0, 1]


rows = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.booleans(), st.booleans()), max_size=20)


@given(rows, st.integers(0, 20))
def test_an_order_with_edits_is_that_of_a_sort_from_scratch(drawn, n_old):
    before, after, changed, present = (np.array(column) for column in zip(*drawn, strict=True)) if drawn else [[]] * 4
    changed, present = np.array(changed, dtype=bool), np.array(present, dtype=bool)
    changed[n_old:] = True  # rows that were appended
    old = np.arange(min(n_old, len(drawn)), dtype=np.int32)
    values = np.where(changed, after, before).astype(float)
    ids = 1000 - np.arange(len(drawn))
    order = old[np.lexsort((ids[old], -np.array(before, dtype=float)[old]))]
    edited = with_edits(order, values, ids, changed=changed, present=present)
    there = np.flatnonzero(present | ~changed)
    assert edited.tolist() == there[np.lexsort((ids[there], -values[there]))].tolist()
