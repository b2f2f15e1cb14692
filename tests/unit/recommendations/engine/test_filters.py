import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine.filters import FEW_GROUPS, Filter, Rule
from tests.unit.recommendations.factories import Item, make_catalogue, make_tree, shops

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
    assert allowed(Filter({Rule.EXCLUDED: {group}})) == [0, 3]
    assert allowed(Filter({Rule.EXCLUDED: range(1, FEW_GROUPS + 2)})) == [0]


@pytest.mark.parametrize(
    ("categories", "rows"), [(["Home"], [0, 4]), (["Home > Tea", "Sport"], [0, 5]), ([None], [3]), ([], [0, 3, 4, 5])]
)
def test_a_category_is_shown_with_everything_below_it(categories, rows):
    assert allowed(Filter(categories=tuple(PLACES[category] for category in categories))) == rows


def test_a_filter_leaves_the_catalogue_as_it_is():
    catalogue = make_catalogue(ITEMS)
    Filter().allowed(catalogue, np.arange(len(ITEMS), dtype=np.int32))
    assert catalogue.is_active.tolist() == [item.is_active for item in ITEMS]


def test_what_lies_in_a_hidden_category_is_not_shown():
    assert allowed(Filter(hidden_categories=(PLACES["Home"],))) == [3, 5]
    assert allowed(Filter(categories=(PLACES["Home"],), hidden_categories=(PLACES["Home > Tea"],))) == [4]


@pytest.mark.parametrize(
    ("low", "high", "rows"), [(10, None, [1, 2]), (None, 10, [0, 1]), (10, 10, [1]), (None, None, [0, 1, 2, 3])]
)
def test_prices_are_inclusive_and_an_unknown_one_fails(low, high, rows):
    catalogue = make_catalogue([Item(price=5.0), Item(price=10.0), Item(price=99.0), Item()])
    shown = Filter(min_price=low, max_price=high).allowed(catalogue, np.arange(4, dtype=np.int32))
    assert np.flatnonzero(shown).tolist() == rows


@given(shops(min_items=1), st.data())
def test_the_rule_that_is_broken_is_named_if_and_only_if_one_is(drawn, data):
    catalogue, n_groups = make_catalogue(drawn[0]), len({item.group or n for n, item in enumerate(drawn[0])})
    places = st.lists(st.integers(0, catalogue.tree.everything), max_size=2, unique=True).map(tuple)
    filtering = Filter(
        left_out=data.draw(st.dictionaries(st.sampled_from(Rule), st.sets(st.integers(0, n_groups - 1)))),
        in_stock_only=data.draw(st.booleans()),
        categories=data.draw(places),
        hidden_categories=data.draw(places),
        min_price=data.draw(st.none() | st.sampled_from([0.0, 20.0])),
        max_price=data.draw(st.none() | st.sampled_from([20.0, 90.0])),
    )
    rows = np.arange(len(drawn[0]), dtype=np.int32)
    broken = [filtering.broken_rule(catalogue, row) is None for row in rows.tolist()]
    assert broken == filtering.allowed(catalogue, rows).tolist()
