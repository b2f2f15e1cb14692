"""The message that travels: DESIGN's contract with everyone who reads or writes the topics."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from events.kinds import Kind

SCHEMA_VERSION = 1
MAX_RATING = 5.0

ProductId = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that one shopper did to one product. Instants are aware; ``value`` is the stars of a rating, 0–5.

    ``is_anonymous``: whoever it was has been erased. It counts for the product, and for nobody.
    """

    event_id: UUID
    tenant: Annotated[str, msgspec.Meta(min_length=1, max_length=50)]
    kind: Kind
    occurred_at: Instant
    received_at: Instant
    schema_version: int
    product_id: ProductId | None = None
    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    user_id: Name | None = None
    session_id: Name | None = None
    value: Annotated[float, msgspec.Meta(ge=0, le=MAX_RATING)] | None = None
    recommendation_id: Name | None = None
    position: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None
    is_anonymous: bool = False

    @property
    def shopper(self) -> str:
        """What the message is keyed by, so that one shopper's events stay in order."""
        return self.shoppers[0] if self.shoppers else ""

    @property
    def shoppers(self) -> tuple[str, ...]:
        """Under what names the live state keeps the shopper: the user's first."""
        if self.session_id is None:
            return (f"u:{self.user_id}",) if self.user_id is not None else ()
        if self.user_id is None:
            return (f"s:{self.session_id}",)
        return (f"u:{self.user_id}", f"s:{self.session_id}")
