import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.paths import MAX_SLUG_LENGTH, free_slug, join_path, leaf_name, parent_path, paths_to, split_path

names = st.lists(st.text("abc -é", min_size=1, max_size=8).map(str.strip).filter(bool), min_size=1, max_size=5)


@given(names)
def test_a_path_splits_into_the_names_it_was_joined_from(parts):
    assert split_path(join_path(parts)) == parts


@given(names)
def test_parent_and_leaf_make_the_path(parts):
    path = join_path(parts)
    assert join_path([name for name in (parent_path(path), leaf_name(path)) if name]) == path


def test_the_steps_to_a_path_lead_from_the_root_to_itself():
    assert paths_to("Home > Kitchen > Knives") == ["Home", "Home > Kitchen", "Home > Kitchen > Knives"]


@pytest.mark.parametrize("text", ["", "  ", "Uncategorised"])
def test_no_category_has_no_names(text):
    assert split_path(text) == []


def test_paths_that_read_alike_get_slugs_of_their_own():
    taken = {free_slug("A > B", set())}
    taken.add(free_slug("A-B", taken))
    taken.add(free_slug("a b", taken))
    assert taken == {"a-b", "a-b-2", "a-b-3"}


def test_a_name_without_letters_still_gets_a_slug():
    assert free_slug("!!!", set()) == "category"


def test_the_slug_of_the_products_without_a_category_is_never_given_away():
    assert free_slug("UNCATEGORISED!", set()) == "uncategorised-2"


def test_a_slug_fits_its_column():
    assert len(free_slug("x" * 600, {"x" * (MAX_SLUG_LENGTH - 10)})) <= MAX_SLUG_LENGTH
