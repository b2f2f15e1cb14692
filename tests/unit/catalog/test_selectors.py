from decimal import Decimal

import pytest

from catalog.drafts import READ_ONLY
from catalog.models import Category, Product
from catalog.rows import FIELDS
from catalog.selectors import plain_number, product_card, product_detail
from catalog.serializers import ProductDetailSerializer, ProductFieldsSerializer, ProductSerializer


@pytest.mark.parametrize(
    ("price", "number"),
    [(None, None), ("12.00000000", 12), ("12.50000000", 12.5), ("0.00845763", 0.00845763), ("0E-8", 0)],
)
def test_a_price_is_shown_without_trailing_zeros(price, number):
    shown = plain_number(None if price is None else Decimal(price))
    assert (shown, type(shown)) == (number, type(number))


def test_the_card_of_a_product_without_category_says_so():
    card = product_card(Product(id=1, sku="A", name="Lamp"))
    assert (card["category"], card["category_path"]) == ("Uncategorised", "Uncategorised")


def test_the_card_names_the_leaf_and_the_path():
    knives = Category(name="Knives", path="Home > Kitchen > Knives")
    card = product_card(Product(id=1, sku="A", name="Lamp", category=knives))
    assert (card["category"], card["category_path"]) == ("Knives", "Home > Kitchen > Knives")


def test_the_documented_shapes_are_those_that_are_sent_and_taken():
    product = Product(id=1, sku="A", name="Lamp")
    assert list(ProductSerializer().fields) == list(product_card(product))
    assert list(ProductDetailSerializer().fields) == list(product_detail(product))
    assert set(ProductFieldsSerializer().fields) == {*FIELDS, "category_path"}
    assert set(product_detail(product)) <= {*FIELDS, "category_path", *READ_ONLY}
