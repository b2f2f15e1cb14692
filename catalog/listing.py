"""The product list over gRPC: REST's filters, and a cursor instead of pages."""

from collections.abc import Iterator
from types import SimpleNamespace

from django.http import QueryDict
from django_filters.utils import translate_validation

from catalog import selectors
from catalog.attribute_filter import PREFIX, by_attributes
from catalog.filters import ProductFilter
from catalog.models import Product
from protos.catalog.v1.catalog_pb2 import ListRequest
from sdr.accounts.callers import Access
from sdr.exceptions import InvalidInput

CHUNK_SIZE = 500
_PLAIN = ("search", "category", "min_price", "max_price", "min_rating", "ordering")


def products(request: ListRequest, caller: Access) -> Iterator[Product]:
    """Yield the products that fit; memory stays flat. Raises InvalidInput or ValidationError before the first."""
    query = _query_of(request)
    filtered = ProductFilter(query, selectors.visible_products(caller.tenant_id), request=SimpleNamespace(user=caller))
    if not filtered.is_valid():
        raise translate_validation(filtered.errors)
    found = by_attributes(filtered.qs, query)
    return (found[: _limit(request)] if request.HasField("limit") else found).iterator(chunk_size=CHUNK_SIZE)


def _query_of(request: ListRequest) -> QueryDict:
    """Return the request as REST's query string would have it."""
    query = QueryDict(mutable=True)
    for name in _PLAIN:
        if request.HasField(name):
            query[name] = str(getattr(request, name))
    if request.HasField("in_stock"):
        query["in_stock"] = "true" if request.in_stock else "false"
    if request.tags:
        query["tags"] = ",".join(request.tags)
    for name, value in request.attributes.items():
        query[PREFIX + name] = value
    return query


def _limit(request: ListRequest) -> int:
    if request.limit < 1:
        raise InvalidInput("limit", "It must be a whole number from 1.")
    return request.limit
