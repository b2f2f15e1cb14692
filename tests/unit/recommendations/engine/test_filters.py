import numpy as np
import pytest

from recommendations.engine.filters import Filter
from tests.unit.recommendations.factories import Item, make_catalogue, make_tree

ITEMS = [
    Item(category="Home > Tea"),
    Item(category="Home > Pans", in_stock=False),
    Item(category="Sport", is_active=False),
    Item(category=None),
    Item(category="Home", group="set"),
    Item(category="Sport", group="set"),
]
_, PLACES = make_tree(["Home > Tea", "Home > Pans", "Sport"])


def allowed(filtering):
    catalogue = make_catalogue(ITEMS)
    return np.flatnonzero(filtering.allowed(catalogue, np.arange(len(ITEMS), dtype=np.int32))).tolist()


def test_inactive_and_out_of_stock_products_are_not_shown():
    assert allowed(Filter()) == [0, 3, 4, 5]


def test_a_profile_may_show_what_is_out_of_stock():
    assert allowed(Filter(in_stock_only=False)) == [0, 1, 3, 4, 5]


def test_an_excluded_group_is_excluded_with_all_its_variants():
    group = int(make_catalogue(ITEMS).groups[4])
    assert allowed(Filter(excluded_groups=frozenset({group}))) == [0, 3]


@pytest.mark.parametrize(
    ("categories", "rows"), [(["Home"], [0, 4]), (["Home > Tea", "Sport"], [0, 5]), ([None], [3]), ([], [0, 3, 4, 5])]
)
def test_a_category_is_shown_with_everything_below_it(categories, rows):
    assert allowed(Filter(categories=tuple(PLACES[category] for category in categories))) == rows


def test_a_filter_leaves_the_catalogue_as_it_is():
    catalogue = make_catalogue(ITEMS)
    Filter().allowed(catalogue, np.arange(len(ITEMS), dtype=np.int32))
    assert catalogue.is_active.tolist() == [item.is_active for item in ITEMS]
