"""How pages spell what shoppers did."""

from collections.abc import Mapping
from datetime import datetime

from django import template

register = template.Library()


@register.filter
def named(product_id: int | None, products: Mapping[int, str]) -> str:
    """Return the product's name, or its id where it has gone."""
    return "" if product_id is None else products.get(product_id, f"product {product_id}")


@register.filter
def spaced(kind: str) -> str:
    """Return the kind in words."""
    return kind.replace("_", " ")


@register.filter
def instant(text: str) -> datetime:
    """Return the instant that ISO 8601 spells."""
    return datetime.fromisoformat(text)
