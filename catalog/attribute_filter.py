"""The product list filtered by what products carry: ``attributes.colour=red``.

A name with points leads into nested objects: ``attributes.size.width=5``. A value fits a text, the number, true, false
or null that it spells, and a list that holds one of these. The same name twice: either value will do; different
names: both have to fit.
"""

from collections.abc import Iterator
from functools import reduce
from itertools import chain
from operator import or_
from typing import Any

import msgspec
from django.db.models import Q, QuerySet
from django.http import QueryDict

from catalog.cleaning import NUMBER_LIMIT
from catalog.models import Product
from sdr.exceptions import InvalidInput

PREFIX = "attributes."
MAX_NAMES = 5
MAX_VALUES = 10
MAX_DEPTH = 5
MAX_LENGTH = 200


def by_attributes(products: QuerySet[Product], query: QueryDict) -> QuerySet[Product]:
    """Return the products that carry what the query's ``attributes.…`` ask for; raises InvalidInput."""
    names = [name for name in query if name.startswith(PREFIX)]
    if len(names) > MAX_NAMES:
        raise InvalidInput("attributes", f"At most {MAX_NAMES} attributes can be asked for at once.")
    for name in names:
        if values := [value for value in query.getlist(name) if value]:
            products = products.filter(_carrying(name, values))
    return products


def _carrying(name: str, values: list[str]) -> Q:
    path = name.removeprefix(PREFIX).split(".")
    if not all(path) or len(path) > MAX_DEPTH:
        raise InvalidInput(name, f"Write attributes.NAME or attributes.NAME.NAME, at most {MAX_DEPTH} names.")
    if len(values) > MAX_VALUES:
        raise InvalidInput(name, f"At most {MAX_VALUES} values.")
    for text in (name, *values):
        if len(text) > MAX_LENGTH or "\0" in text:
            raise InvalidInput(name, f"Names and values hold at most {MAX_LENGTH} characters, and no NUL.")
    return reduce(or_, (Q(attributes__contains=_nested(path, value)) for value in chain(*map(_meant, values))))


def _meant(text: str) -> Iterator[Any]:
    """Yield each value that the text may stand for: itself, what it spells in JSON, and lists of these."""
    yield text
    yield [text]
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return
    if value is None or (isinstance(value, bool | int | float) and abs(value) < NUMBER_LIMIT):
        yield value
        yield [value]


def _nested(path: list[str], value: Any) -> Any:
    return reduce(lambda inner, name: {name: inner}, reversed(path), value)
