"""Messages to bytes and back."""

import msgspec

from events.messages import SCHEMA_VERSION, Event

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


class Undecodable(Exception):
    """The bytes are no event of a version this reader knows; the text says why."""


def encode(event: Event) -> bytes:
    return _encoder.encode(event)


def decode(value: bytes | None) -> Event:
    """Return the event in ``value``; raises :class:`Undecodable`."""
    try:
        event = _decoder.decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Undecodable(str(error)) from error
    if event.schema_version != SCHEMA_VERSION:
        raise Undecodable(f"It is of schema version {event.schema_version}; this reader knows {SCHEMA_VERSION}.")
    if event.product_id is None and event.sku is None:
        raise Undecodable("It names no product.")
    if event.user_id is None and event.session_id is None and not event.is_anonymous:
        raise Undecodable("It names neither a user nor a session.")
    return event
