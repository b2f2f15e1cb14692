"""One product as it comes in: from a JSON line, a CSV record or a form. What REST and gRPC add is in ``drafts.py``.

A row has at least ``sku`` and ``name``. What it leaves out stays as it is on a known product and takes the default on a
new one; null, or an empty CSV cell, says "unknown" and clears. For ``in_stock`` and ``is_active``, which are never
unknown, null means "left out". Fields with other names are ignored: feeds carry columns of their own.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from catalog import cleaning
from catalog.cleaning import cleaned
from sdr.exceptions import InvalidInput

MAX_RATING_COUNT = 2**31 - 1
TRUE_WORDS = {"true", "t", "yes", "y", "1"}
FALSE_WORDS = {"false", "f", "no", "n", "0"}

Name = Annotated[str, Meta(max_length=500)]
ShortText = Annotated[str, Meta(max_length=100)]
Rating = Annotated[float, Meta(ge=0, le=5)]
RatingCount = Annotated[int, Meta(ge=0, le=MAX_RATING_COUNT)]
Tags = Annotated[list[ShortText], Meta(max_length=100)]
Description = Annotated[str, Meta(max_length=20_000)]
ImageUrl = Annotated[str, Meta(max_length=1000)]


class ProductRow(msgspec.Struct, kw_only=True):
    """A product's fields, checked and in the form they are stored in. UNSET: the row left it out."""

    sku: ShortText
    name: Name
    category: str | UnsetType | None = UNSET
    price: Decimal | UnsetType | None = UNSET
    currency: str | UnsetType | None = UNSET
    rating: Rating | UnsetType | None = UNSET
    rating_count: RatingCount | UnsetType | None = UNSET
    tags: Tags | UnsetType | None = UNSET
    description: Description | UnsetType | None = UNSET
    image_url: ImageUrl | UnsetType | None = UNSET
    in_stock: bool | UnsetType | None = UNSET
    is_active: bool | UnsetType | None = UNSET
    variant_group: ShortText | UnsetType | None = UNSET
    attributes: dict[str, Any] | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        for field in TEXT_FIELDS:
            cleaning.refuse_nul(field, getattr(self, field))
        self.sku = cleaning.sku(self.sku)
        self.name = cleaning.required("name", self.name)
        self.category = cleaned(self.category, "", cleaning.category)
        self.price = cleaned(self.price, None, cleaning.price)
        self.currency = cleaned(self.currency, "", cleaning.currency)
        self.rating_count = 0 if self.rating_count is None else self.rating_count
        self.tags = cleaned(self.tags, [], cleaning.tags)
        self.description = cleaned(self.description, "", str.strip)
        self.image_url = cleaned(self.image_url, "", cleaning.image_url)
        self.in_stock = UNSET if self.in_stock is None else self.in_stock
        self.is_active = UNSET if self.is_active is None else self.is_active
        self.variant_group = cleaned(self.variant_group, None, cleaning.variant_group)
        self.attributes = cleaned(self.attributes, {}, cleaning.attributes)


Row = TypeVar("Row", bound=ProductRow)
FIELDS = ProductRow.__struct_fields__
# What a new product has where its row says nothing.
DEFAULTS: dict[str, Any] = {
    "category": "",
    "price": None,
    "currency": "",
    "rating": None,
    "rating_count": 0,
    "tags": [],
    "description": "",
    "image_url": "",
    "in_stock": True,
    "is_active": True,
    "variant_group": None,
    "attributes": {},
}
TEXT_FIELDS = ("sku", "name", "category", "tags", "description", "image_url", "variant_group", "attributes")
_DECODER = msgspec.json.Decoder(ProductRow)
_PLACE = re.compile(r"(?P<reason>.*) - at `\$\.(?P<field>\w+).*`", re.DOTALL)
_WHOLE_FIELD = re.compile(r"Object (?P<reason>missing required|contains unknown) field `(?P<field>.*)`", re.DOTALL)
_REASONS = {"missing required": "is required", "contains unknown": "is no field of a product"}


def parse_json(line: bytes) -> ProductRow:
    """Return the row of one JSON object; raises InvalidInput, ``field`` being "row" where no field is to blame."""
    return decoded(line, _DECODER)


def decoded(text: bytes, decoder: msgspec.json.Decoder[Row]) -> Row:
    """Do :func:`parse_json` for a row of another type."""
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        raise _named(error) from error
    except UnicodeDecodeError as error:
        raise InvalidInput("row", "is not UTF-8") from error
    except msgspec.DecodeError as error:
        raise InvalidInput("row", f"is not JSON: {error}") from error
    except RecursionError as error:
        raise InvalidInput("row", "is nested too deeply") from error


def parse_record(record: dict[str, str]) -> ProductRow:
    """Return the row of one CSV record, its cells being text; raises InvalidInput."""
    try:
        return msgspec.convert(from_cells(record), ProductRow, strict=False)
    except msgspec.ValidationError as error:
        raise _named(error) from error
    except RecursionError as error:
        raise InvalidInput("attributes", "is nested too deeply") from error


def from_cells(record: Mapping[str, str]) -> dict[str, Any]:
    """Return the cells as JSON would have them, but for numbers; raises InvalidInput."""
    return {field: _cell(field, text.strip()) for field, text in record.items()}


def laid_over(below: Row, above: Row) -> Row:
    """Return what ``above`` says, and what ``below`` says where ``above`` says nothing."""
    said = {field: value for field, value in msgspec.structs.asdict(above).items() if value is not UNSET}
    return msgspec.structs.replace(below, **said)


def completed(row: Row) -> Row:
    """Return the row with the defaults in place of what it leaves out."""
    left_out = {field: default for field, default in DEFAULTS.items() if getattr(row, field) is UNSET}
    return msgspec.structs.replace(row, **left_out)


def _cell(field: str, text: str) -> Any:
    if field in {"sku", "name"}:
        return text
    if not text:
        return None
    parse = _CELLS.get(field)
    return parse(field, text) if parse else text


def tags_cell(tags: list[str]) -> str:
    """Return the one cell that reads back as these tags."""
    if any("," in tag for tag in tags):
        return "|".join(tags) + ("|" if len(tags) == 1 else "")
    return ", ".join(tags)


def _split_tags(_field: str, text: str) -> list[str]:
    return text.split("|" if "|" in text else ",")


def _boolean(field: str, text: str) -> bool:
    word = text.lower()
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise InvalidInput(field, f"{text!r} is neither true nor false")
    return word in TRUE_WORDS


def _json(field: str, text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidInput(field, f"is not JSON: {error}") from error


_CELLS = {"tags": _split_tags, "in_stock": _boolean, "is_active": _boolean, "attributes": _json}


def _named(error: msgspec.ValidationError) -> InvalidInput:
    text = str(error)
    if whole := _WHOLE_FIELD.fullmatch(text):
        return InvalidInput(whole["field"], _REASONS[whole["reason"]])
    if place := _PLACE.fullmatch(text):
        return InvalidInput(place["field"], place["reason"])
    return InvalidInput("row", text)
