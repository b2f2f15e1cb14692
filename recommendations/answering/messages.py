"""The messages of the Kafka door."""

from typing import Annotated, Any

import msgspec
import orjson

from events.messages import Name, ProductId
from recommendations.limits import checked_limit
from recommendations.queries import MAX_EXCLUDED
from sdr.accounts.models import DEFAULT_TENANT
from sdr.exceptions import InvalidInput

SCHEMA_VERSION = 1


class Unanswerable(Exception):
    """Nobody could be told: the bytes are no JSON object with a request_id. The text says which."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to be shown; a product is named by its id, which wins, or by its SKU.

    Without a product the request is for the user's own page.
    """

    request_id: Name
    schema_version: int = SCHEMA_VERSION
    tenant: Annotated[str, msgspec.Meta(min_length=1, max_length=50)] = DEFAULT_TENANT
    product_id: ProductId | None = None
    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    user_id: Name | None = None
    session_id: Name | None = None
    limit: int | None = None
    exclude: Annotated[list[ProductId], msgspec.Meta(max_length=MAX_EXCLUDED)] = []
    category: str | None = None
    min_price: float | None = None
    max_price: float | None = None
    in_stock: bool | None = None
    evidence: bool = False
    strategy: str | None = None

    def conditions(self) -> dict[str, Any]:
        """Return the arguments of :class:`~recommendations.queries.Conditions`."""
        return {
            "limit": checked_limit(self.limit),
            "user_id": self.user_id,
            "session_id": self.session_id,
            "exclude": tuple(self.exclude),
            "category": self.category,
            "min_price": self.min_price,
            "max_price": self.max_price,
            "in_stock": self.in_stock,
            "evidence": self.evidence,
        }


def decode(value: bytes | None) -> tuple[str, dict[str, Any]]:
    """Return the request's id and all that it says, unchecked; raises Unanswerable."""
    try:
        raw = msgspec.json.decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unanswerable(f"no JSON: {error}") from error
    request_id = raw.get("request_id") if isinstance(raw, dict) else None
    try:
        return msgspec.convert(request_id, Name), raw
    except msgspec.ValidationError as error:
        raise Unanswerable(f"no request_id: {error}") from error


def checked(raw: dict[str, Any]) -> Request:
    """Return the request that ``raw`` describes; raises InvalidInput naming the field."""
    try:
        request = msgspec.convert(raw, Request)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        raise InvalidInput(place.strip("`.") or "request", f"{message}.") from error
    if request.schema_version != SCHEMA_VERSION:
        raise InvalidInput("schema_version", f"This reader knows {SCHEMA_VERSION}.")
    if request.product_id is None and request.sku is None and request.user_id is None:
        raise InvalidInput("product_id", "A request needs a product or a user: send product_id, sku or user_id.")
    return request


def encode(request_id: str, body: dict[str, Any]) -> bytes:
    """Return the response, which begins with what tells it from others."""
    return orjson.dumps({"schema_version": SCHEMA_VERSION, "request_id": request_id, **body})
