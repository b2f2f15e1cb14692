"""From a query string to what may be asked."""

from typing import Any

from django.http import QueryDict

from recommendations.limits import checked_limit
from sdr.exceptions import InvalidInput

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
# Enough of a wrong value to know it by.
_SHOWN_LENGTH = 20
_MAX_DIGITS = 16


def parsed_conditions(params: QueryDict) -> dict[str, Any]:
    """Return the arguments of :class:`~recommendations.queries.Conditions`; raises InvalidInput naming the field.

    An empty parameter counts as missing, of a repeated one the last counts, and unknown ones are ignored. ``exclude``
    may be repeated, and each time name several ids, with commas between them.
    """
    return {
        "limit": checked_limit(params.get("limit") or None),
        "user_id": params.get("user_id") or None,
        "session_id": params.get("session_id") or None,
        "exclude": _ids(params.getlist("exclude")) if "exclude" in params else (),
        "category": params.get("category") or None,
        "min_price": _number("min_price", params.get("min_price")),
        "max_price": _number("max_price", params.get("max_price")),
        "in_stock": _boolean("in_stock", params.get("in_stock")),
        "evidence": _boolean("evidence", params.get("evidence")) or False,
    }


def parsed_candidate(params: QueryDict) -> tuple[int | None, str | None]:
    """Return the id or else the SKU of the product that is to be explained; one of them is required."""
    product_id, sku = parsed_id("candidate", params.get("candidate")), params.get("candidate_sku") or None
    if product_id is None and sku is None:
        raise InvalidInput("candidate", "Say which product to explain.")
    return product_id, sku


def parsed_id(field: str, text: str | None) -> int | None:
    """Return a product's id, None for a missing one."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS and int(text)):
        raise InvalidInput(field, f"A product's id is a positive whole number, not {text[:_SHOWN_LENGTH]!r}.")
    return int(text)


def _ids(values: list[str]) -> tuple[int, ...]:
    texts = [text.strip() for value in values for text in value.split(",")]
    return tuple(number for text in texts if (number := parsed_id("exclude", text)) is not None)


def _number(field: str, text: str | None) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError as error:
        raise InvalidInput(field, f"It must be a number, not {text[:_SHOWN_LENGTH]!r}.") from error


def _boolean(field: str, text: str | None) -> bool | None:
    if not text:
        return None
    if text.lower() not in _BOOLEANS:
        raise InvalidInput(field, f"It must be true or false, not {text[:_SHOWN_LENGTH]!r}.")
    return _BOOLEANS[text.lower()]
