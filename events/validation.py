"""From what a shop's backend sent to an event, or to the reason why not."""

import uuid
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec

from events.kinds import Kind
from events.messages import MAX_RATING, SCHEMA_VERSION, Event, Instant, Name, ProductId
from sdr.accounts.preferences import is_storable
from sdr.exceptions import InvalidInput

MAX_SKEW = timedelta(minutes=5)


class IncomingEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as a caller writes it: only the product and the shopper must be there."""

    event_id: uuid.UUID | None = None
    kind: Kind = Kind.CLICK
    product_id: ProductId | None = None
    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    user_id: Name | None = None
    session_id: Name | None = None
    value: float | None = None
    occurred_at: Instant | None = None
    recommendation_id: Name | None = None
    position: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None


def parse_event(raw: Any, *, tenant: str, received_at: datetime) -> Event:
    """Return the event that ``raw`` (decoded JSON) describes; raises :class:`InvalidInput` naming the field."""
    incoming = _convert(raw)
    if incoming.product_id is None and incoming.sku is None:
        raise InvalidInput("product_id", "An event needs a product: send product_id or sku.")
    if incoming.user_id is None and incoming.session_id is None:
        raise InvalidInput("user_id", "An event needs a shopper: send user_id or session_id.")
    occurred_at = incoming.occurred_at or received_at
    if occurred_at - received_at > MAX_SKEW:
        raise InvalidInput("occurred_at", "It lies more than 5 minutes in the future.")
    return Event(
        schema_version=SCHEMA_VERSION,
        event_id=incoming.event_id or uuid.uuid4(),
        tenant=tenant,
        kind=incoming.kind,
        product_id=incoming.product_id,
        sku=incoming.sku if incoming.product_id is None else None,
        user_id=incoming.user_id,
        session_id=incoming.session_id,
        value=_value(incoming),
        occurred_at=occurred_at,
        received_at=received_at,
        recommendation_id=incoming.recommendation_id,
        position=incoming.position,
    )


def _convert(raw: Any) -> IncomingEvent:
    try:
        incoming = msgspec.convert(raw, IncomingEvent)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        raise InvalidInput(place.strip("`.").split("[")[0] or "event", f"{message}.") from error
    except UnicodeEncodeError as error:
        raise InvalidInput("event", "It contains half of a character.") from error
    for name in ("sku", "user_id", "session_id", "recommendation_id"):
        if not is_storable(getattr(incoming, name) or ""):
            raise InvalidInput(name, "It contains a NUL character, or half of one.")
    return incoming


def _value(incoming: IncomingEvent) -> float | None:
    if incoming.kind is Kind.RATING and incoming.value is None:
        raise InvalidInput("value", "A rating needs a value from 0 to 5.")
    if incoming.value is not None and not 0 <= incoming.value <= MAX_RATING:
        raise InvalidInput("value", "It must lie between 0 and 5.")
    return incoming.value
