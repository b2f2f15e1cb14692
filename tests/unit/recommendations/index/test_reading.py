import math
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import Category, Product
from recommendations.engine.catalogue import NO_PARENT
from recommendations.index.cards import sku_hash
from recommendations.index.reading import GroupTexts, place_categories, read_columns
from tests.unit.recommendations.factories import category_places

HOME = Category(id=5, name="Home", slug="home", path="Home")


def product(pk=1, **fields):
    defaults = {"sku": f"SKU-{pk}", "name": "Kettle", "created_at": _At(100.0 + pk), "revision": 1}
    return Product(id=pk, **(defaults | fields))


class _At:
    """Stands for a datetime of which only the timestamp is asked."""

    def __init__(self, seconds):
        self.timestamp = lambda: seconds


def columns_of(*products):
    return read_columns(products, {None: 0, HOME.id: 1})


@given(st.lists(st.lists(st.sampled_from(["a", "b", "a b", "c-d"]), min_size=1, max_size=4).map(" > ".join)))
def test_a_parent_stands_before_its_children_and_its_range_holds_them_all(paths):
    placed = category_places(paths)
    for place, entry in enumerate(placed.entries[:-2]):
        inside = {other.path for other in placed.entries[place : placed.ends[place]]}
        assert inside == {
            o.path for o in placed.entries if o.path == entry.path or o.path.startswith(entry.path + " > ")
        }
        parent = placed.entries[placed.parents[place]].path
        assert entry.path == (f"{parent} > {entry.name}" if parent else entry.name)


def test_uncategorised_and_the_whole_shop_come_last():
    placed = place_categories([])
    assert [entry.name for entry in placed.entries] == ["Uncategorised", ""]
    assert placed.parents == [1, NO_PARENT]
    assert placed.ends == [1, 2]
    assert placed.places == {None: 0}


def test_variants_share_a_group_and_loners_do_not():
    columns = columns_of(
        product(1, variant_group="v"),
        product(2),
        product(3, variant_group="v"),
        product(4),
        product(5, variant_group="2"),
    )
    assert columns.groups == [0, 1, 0, 2, 3]
    assert len(columns.texts) == 4


def test_what_variants_have_in_common_is_read_once():
    texts = GroupTexts()
    texts.add(product(1, name="Kettle, red", tags=["steel", "red"], description="Boils."))
    texts.add(product(2, name="Kettle, blue", tags=["steel", "blue"], description="Boils."))
    assert texts.fields() == {
        "category": "",
        "tags": "steel red blue",
        "description": "Boils.",
        "name": "Kettle, red Kettle, blue",
    }


def test_what_is_unknown_is_nan():
    columns = columns_of(product(1), product(2, price=Decimal(12), rating=4.5, rating_count=3, category=HOME))
    assert [math.isnan(value) for value in (columns.prices[0], columns.ratings[0])] == [True, True]
    assert (columns.prices[1], columns.ratings[1], columns.rating_counts[1]) == (12.0, 4.5, 3)
    assert columns.categories == [0, 1]


def test_cards_stand_one_after_the_other():
    columns = columns_of(product(1, sku="A"), product(2, sku="B/ü"))
    first, second = columns.card_ends
    cards = [orjson.loads(columns.cards[:first]), orjson.loads(columns.cards[first:second])]
    assert [card["sku"] for card in cards] == ["A", "B/ü"]
    assert second == len(columns.cards)


@pytest.mark.parametrize("other", ["a-1", "A-1 ", "A–1", ""])
def test_skus_that_differ_have_hashes_that_differ(other):
    assert sku_hash("A-1") != sku_hash(other)
    assert sku_hash("A-1") == sku_hash("A-1") < 2**64
