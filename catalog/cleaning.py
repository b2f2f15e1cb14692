"""From what a feed says to what is stored, one field at a time; each function raises InvalidInput naming its field."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from catalog.currencies import CURRENCIES
from catalog.paths import MAX_NAME_LENGTH, MAX_PATH_LENGTH, join_path, split_path
from sdr.exceptions import InvalidInput

PRICE_LIMIT = Decimal(10**12)
PRICE_STEP = Decimal("0.00000001")
MAX_ATTRIBUTES_BYTES = 20_000
MAX_ATTRIBUTES_DEPTH = 10
NUMBER_LIMIT = 2**63

T = TypeVar("T")
Stored = TypeVar("Stored")


def cleaned(value: T | UnsetType | None, unknown: Stored, clean: Callable[[T], Stored]) -> Stored | UnsetType:
    """Return ``value`` cleaned, ``unknown`` for null, and UNSET as it is."""
    if value is UNSET:
        return UNSET
    return unknown if value is None else clean(value)


def required(field: str, text: str) -> str:
    stripped = text.strip()
    if not stripped:
        raise InvalidInput(field, "must not be empty")
    return stripped


def sku(text: str) -> str:
    stripped = required("sku", text)
    if not stripped.isprintable():  # it is part of addresses, and of one line of a feed
        raise InvalidInput("sku", "contains a control character")
    return stripped


def category(text: str) -> str:
    """Return the path with its separators spelled " > "; "" for none."""
    names = split_path(text)
    if not all(names):
        raise InvalidInput("category", f"{text!r} has an empty name; write A > B > C")
    path = join_path(names)
    if len(path) > MAX_PATH_LENGTH or any(len(name) > MAX_NAME_LENGTH for name in names):
        raise InvalidInput("category", f"a name holds {MAX_NAME_LENGTH} characters, a path {MAX_PATH_LENGTH}")
    return path


def price(value: Decimal) -> Decimal:
    """Return the price to the eight decimals that are stored; feeds computed in binary floats carry more."""
    if not value.is_finite():
        raise InvalidInput("price", f"must be a number, not {value}")
    if value < 0:
        raise InvalidInput("price", "must not be negative")
    if value >= PRICE_LIMIT:
        raise InvalidInput("price", f"must be less than {PRICE_LIMIT}")
    return value.quantize(PRICE_STEP)


def currency(text: str) -> str:
    code = text.strip().upper()
    if code and code not in CURRENCIES:
        raise InvalidInput("currency", f"{text[:20]!r} is no currency of ISO 4217, such as EUR")
    return code


def tags(values: list[str]) -> list[str]:
    """Return the tags stripped, without empty ones and repeats, in their order."""
    return list(dict.fromkeys(tag for value in values if (tag := value.strip())))


def image_url(text: str) -> str:
    url = text.strip()
    # Pages put it into src: another scheme would be a way to run a script in a shopper's browser.
    if url and not re.match(r"https?://[^\s/]", url):
        raise InvalidInput("image_url", "must begin with http:// or https://")
    if not url.isprintable():
        raise InvalidInput("image_url", "contains a control character")
    return url


def variant_group(text: str) -> str | None:
    return text.strip() or None


def attributes(value: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(value, dict):  # the admin's form takes any JSON
        raise InvalidInput("attributes", "must be a JSON object")
    if len(msgspec.json.encode(value)) > MAX_ATTRIBUTES_BYTES:
        raise InvalidInput("attributes", f"must not be longer than {MAX_ATTRIBUTES_BYTES} bytes of JSON")
    _check_nested(value, MAX_ATTRIBUTES_DEPTH)
    return value


def _check_nested(value: Any, depth: int) -> None:
    if isinstance(value, dict | list):
        if not depth:
            raise InvalidInput("attributes", f"must not be nested more than {MAX_ATTRIBUTES_DEPTH} deep")
        for item in value.values() if isinstance(value, dict) else value:
            _check_nested(item, depth - 1)
    elif isinstance(value, int | float) and not -NUMBER_LIMIT <= value < NUMBER_LIMIT:
        raise InvalidInput("attributes", "holds a number beyond 64 bits, which readers of JSON would not agree on")


def refuse_nul(field: str, value: Any) -> None:
    """Raise InvalidInput if a text anywhere in ``value`` holds NUL, which Postgres cannot store."""
    if isinstance(value, str):
        if "\0" in value:
            raise InvalidInput(field, "contains a NUL character")
    elif isinstance(value, dict):
        refuse_nul(field, [*value.keys(), *value.values()])
    elif isinstance(value, list):
        for item in value:
            refuse_nul(field, item)
