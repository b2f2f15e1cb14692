"""Products as gRPC's messages."""

from collections.abc import Iterable
from typing import Any

from catalog.rows import FIELDS
from catalog.selectors import ProductCard, ProductDetail
from protos.catalog.v1 import catalog_pb2 as messages
from sdr.exceptions import InvalidInput
from sdr.rpc.messages import present, struct, timestamp

WRITABLE = frozenset({*FIELDS, "category_path"})


def product_message(card: ProductCard | ProductDetail) -> messages.Product:
    """Return what shoppers may see. A card has the fields of the message; null leaves one absent."""
    values: Any = card
    return messages.Product(**{field: values[field] for field in ProductCard.__annotations__})


def detail_message(detail: ProductDetail) -> messages.ProductDetail:
    return messages.ProductDetail(
        product=product_message(detail),
        is_active=detail["is_active"],
        rating_count=detail["rating_count"],
        variant_group=detail["variant_group"],
        attributes=struct(detail["attributes"]),
        revision=detail["revision"],
        created_at=timestamp(detail["created_at"]),
        updated_at=timestamp(detail["updated_at"]),
    )


def fields_of(message: messages.ProductFields, mask: Iterable[str] = ()) -> dict[str, Any]:
    """Return the fields that are there; with a mask just those it names, None for the absent. Raises InvalidInput."""
    said = present(message)
    paths = list(mask)
    for path in paths:
        if path not in WRITABLE:
            raise InvalidInput("update_mask", f"{path[:100]!r} is no field of a product.")
    return {path: said.get(path) for path in paths} if paths else said
