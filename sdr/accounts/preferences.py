"""The shape of a user's preferences, checked wherever they are written."""

from typing import Annotated, Any

import msgspec
from django.core.exceptions import ValidationError

Slug = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Preferences(msgspec.Struct, forbid_unknown_fields=True):
    """What a shopper likes and hides, by category slug. Unknown slugs are kept and ignored."""

    favorite_categories: Annotated[list[Slug], msgspec.Meta(max_length=1000)] = []
    category_weights: dict[Slug, Annotated[float, msgspec.Meta(ge=0, le=1)]] = {}
    hidden_categories: Annotated[list[Slug], msgspec.Meta(max_length=1000)] = []


def validate_preferences(value: Any) -> None:
    """Raise Django's ValidationError unless ``value`` has the shape of :class:`Preferences`."""
    try:
        msgspec.convert(value, Preferences)
    except msgspec.ValidationError as error:
        raise ValidationError(str(error)) from error
