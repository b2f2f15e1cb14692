"""The shape of a user's preferences, checked wherever they are written."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from django.core.exceptions import ValidationError

from sdr.exceptions import InvalidInput

MAX_CATEGORIES = 1000
Slug = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Weight = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Preferences(msgspec.Struct, forbid_unknown_fields=True):
    """What a shopper likes and hides, by category slug. Unknown slugs are kept and ignored."""

    favorite_categories: Annotated[list[Slug], msgspec.Meta(max_length=MAX_CATEGORIES)] = []
    category_weights: Annotated[dict[Slug, Weight], msgspec.Meta(max_length=MAX_CATEGORIES)] = {}
    hidden_categories: Annotated[list[Slug], msgspec.Meta(max_length=MAX_CATEGORIES)] = []


def validate_preferences(value: Any) -> None:
    """Raise Django's ValidationError unless ``value`` has the shape of :class:`Preferences`."""
    try:
        msgspec.convert(value, Preferences)
    except msgspec.ValidationError as error:
        raise ValidationError(str(error)) from error


def complete(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the preferences with every key there is, whatever was stored of them."""
    return {"favorite_categories": [], "category_weights": {}, "hidden_categories": []} | dict(stored)


def merge(stored: Mapping[str, Any], patch: Any) -> dict[str, Any]:
    """Return what is stored as ``patch`` changes it: a JSON merge patch (RFC 7396).

    A list replaces the one before, weights are merged slug by slug, and null takes away. Raises InvalidInput naming
    the field, ``category_weights.<slug>`` and ``hidden_categories.<position>`` included.
    """
    if not isinstance(patch, dict):
        raise InvalidInput("preferences", "Send an object with the preferences that change.")
    merged = dict(stored)
    for name, value in patch.items():
        if name not in Preferences.__struct_fields__:
            known = ", ".join(Preferences.__struct_fields__)
            raise InvalidInput(name[:200] or "preferences", f"There is no such preference. There are {known}.")
        if value is None:
            merged.pop(name, None)
        elif name == "category_weights":
            merged[name] = _merge_weights(merged.get(name, {}), value)
        else:
            merged[name] = _slugs(name, value)
    for name, value in merged.items():
        if len(value) > MAX_CATEGORIES:
            raise InvalidInput(name, f"There may be at most {MAX_CATEGORIES}.")
    return merged


def _merge_weights(stored: Mapping[str, float], patch: Any) -> dict[str, float]:
    if not isinstance(patch, dict):
        raise InvalidInput("category_weights", "It must be an object of weights by category slug.")
    merged = dict(stored)
    for slug, weight in patch.items():
        field = f"category_weights.{slug[:200]}"
        _check(field, slug, Slug)
        if weight is None:
            merged.pop(slug, None)
        else:
            merged[slug] = _check(field, weight, Weight)
    return merged


def _slugs(name: str, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise InvalidInput(name, "It must be a list of category slugs.")
    slugs: list[str] = [_check(f"{name}.{place}", slug, Slug) for place, slug in enumerate(value)]
    return list(dict.fromkeys(slugs))


def _check(field: str, value: Any, shape: Any) -> Any:
    try:
        checked = msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise InvalidInput(field, f"{error}.") from error
    if isinstance(checked, str) and not is_storable(checked):
        raise InvalidInput(field, "It contains a NUL character, or half of a surrogate pair.")
    return checked


def is_storable(text: str) -> bool:
    """Return whether Postgres takes the text: no NUL, and no lone surrogate, which JSON can smuggle in."""
    if text.isascii():
        return "\0" not in text
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
