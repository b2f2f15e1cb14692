from contextlib import suppress
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from catalog.rows import parse_json, parse_record
from sdr.exceptions import InvalidInput


def parse(**fields):
    return parse_json(msgspec.json.encode({"sku": "A-1", "name": "Lamp"} | fields))


def parse_cells(**cells):
    return parse_record({"sku": "A-1", "name": "Lamp"} | cells)


def field_blamed(line: bytes) -> str:
    with pytest.raises(InvalidInput) as error:
        parse_json(line)
    return error.value.field


def test_a_sku_and_a_name_are_enough():
    row = parse()
    assert (row.sku, row.name, row.price, row.tags) == ("A-1", "Lamp", UNSET, UNSET)


def test_null_means_unknown_and_not_left_out():
    row = parse(price=None, rating=None, rating_count=None, tags=None, description=None, category=None)
    assert (row.price, row.rating, row.rating_count, row.tags, row.description, row.category) == (
        None,
        None,
        0,
        [],
        "",
        "",
    )


def test_null_leaves_a_flag_as_it_is():
    row = parse(in_stock=None, is_active=None)
    assert (row.in_stock, row.is_active) == (UNSET, UNSET)


def test_fields_of_other_names_are_ignored():
    assert parse(colour="red") == parse()


def test_a_price_keeps_every_digit_of_its_text():
    row = parse_json(b'{"sku": "A", "name": "B", "price": 0.00845763}')
    assert row.price == Decimal("0.00845763")


def test_a_price_computed_in_binary_is_rounded_to_what_is_stored():
    assert parse(price=0.1 + 0.2).price == Decimal("0.30000000")


@given(st.decimals(min_value=0, max_value=10**11, places=8))
def test_any_storable_price_survives(price):
    assert parse_cells(price=str(price)).price == price


def test_spaces_around_text_are_dropped():
    row = parse(sku=" A ", name=" Lamp ", currency=" eur ", variant_group="  ")
    assert (row.sku, row.name, row.currency, row.variant_group) == ("A", "Lamp", "EUR", None)


@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20), max_size=20))
def test_tags_are_unique_stripped_and_in_their_first_order(tags):
    cleaned = parse(tags=tags).tags
    stripped = [tag.strip() for tag in tags]
    assert len(set(cleaned)) == len(cleaned)
    assert set(cleaned) == set(stripped) - {""}
    assert sorted(cleaned, key=stripped.index) == cleaned


@pytest.mark.parametrize("spelling", ["Home > Kitchen", "Home>Kitchen", " Home  >Kitchen "])
def test_a_category_has_one_spelling(spelling):
    assert parse(category=spelling).category == "Home > Kitchen"


def test_uncategorised_is_no_category():
    assert parse(category="Uncategorised").category == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sku", ""),
        ("sku", "  "),
        ("sku", 12),
        ("sku", "x" * 101),
        ("name", ""),
        ("name", None),
        ("name", "x" * 501),
        ("category", "Home > > Knives"),
        ("category", " > ".join(["x" * 100] * 7)),
        ("category", "x" * 201),
        ("price", -0.01),
        ("price", "NaN"),
        ("price", "Infinity"),
        ("price", 10**12),
        ("price", True),
        ("price", "cheap"),
        ("currency", "EURO"),
        ("currency", "€"),
        ("rating", 5.1),
        ("rating", -1),
        ("rating", "4"),
        ("rating_count", -1),
        ("rating_count", 1.5),
        ("rating_count", 2**31),
        ("tags", "wool"),
        ("tags", ["wool", 3]),
        ("tags", ["x" * 101]),
        ("tags", [str(n) for n in range(101)]),
        ("description", "x" * 20_001),
        ("image_url", "javascript:alert(1)"),
        ("image_url", "/local.png"),
        ("in_stock", "yes"),
        ("is_active", 2),
        ("variant_group", "x" * 101),
        ("attributes", []),
        ("attributes", {"size": "x" * 20_001}),
        ("name", "nul\0"),
        ("tags", ["nul\0"]),
        ("attributes", {"deep": [{"nul\0": 1}]}),
        ("attributes", {"deep": [{"a": "nul\0"}]}),
    ],
)
def test_what_cannot_be_stored_is_refused_by_its_name(field, value):
    assert field_blamed(msgspec.json.encode({"sku": "A-1", "name": "Lamp"} | {field: value})) == field


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b"null",
        b'{"sku": "a", "name": "b", "price": NaN}',
        b'{"sku": "a\xff", "name": "b"}',
        b'{"sku": "\\ud800", "name": "b"}',
        b'{"sku": "a", "name": "b", "attributes": {"x": ' + b"[" * 50_000,
    ],
    ids=["cut", "array", "null", "NaN", "not UTF-8", "half a surrogate", "too deep"],
)
def test_what_is_no_json_object_is_refused_as_a_row(line):
    assert field_blamed(line) == "row"


def test_a_missing_name_is_told_as_such():
    with pytest.raises(InvalidInput, match="name: is required"):
        parse_json(b'{"sku": "a"}')


@given(st.binary(max_size=200))
def test_no_line_at_all_raises_anything_else(line):
    with suppress(InvalidInput):
        assert parse_json(line).sku


class TestCsvCells:
    def test_a_blank_cell_is_unknown(self):
        row = parse_cells(price="", rating=" ", tags="", in_stock="", description="")
        assert (row.price, row.rating, row.tags, row.in_stock, row.description) == (None, None, [], UNSET, "")

    def test_a_missing_column_is_left_out(self):
        assert parse_cells().price is UNSET

    @pytest.mark.parametrize("cell", ["wool|winter", "wool, winter", " wool | winter "])
    def test_tags_are_separated_by_bars_or_commas(self, cell):
        assert parse_cells(tags=cell).tags == ["wool", "winter"]

    @pytest.mark.parametrize(("cell", "flag"), [("true", True), ("YES", True), ("0", False), ("No", False)])
    def test_flags_are_read_as_people_write_them(self, cell, flag):
        assert parse_cells(in_stock=cell).in_stock is flag

    def test_numbers_are_read_from_text(self):
        row = parse_cells(price="12.5", rating="4.5", rating_count="7")
        assert (row.price, row.rating, row.rating_count) == (Decimal("12.5"), 4.5, 7)

    def test_attributes_are_json(self):
        assert parse_cells(attributes='{"size": 3}').attributes == {"size": 3}

    def test_the_word_null_is_a_name_like_another(self):
        assert parse_record({"sku": "null", "name": "Null"}).sku == "null"

    @pytest.mark.parametrize(
        ("field", "cell"),
        [
            ("name", ""),
            ("price", "1,5"),
            ("price", "nan"),
            ("rating", "nan"),
            ("rating_count", "many"),
            ("in_stock", "maybe"),
            ("attributes", "{"),
            ("attributes", "[1]"),
        ],
    )
    def test_a_bad_cell_is_refused_by_its_column(self, field, cell):
        with pytest.raises(InvalidInput) as error:
            parse_cells(**{field: cell})
        assert error.value.field == field
