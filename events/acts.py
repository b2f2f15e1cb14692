"""What a shop decides about a shopper, as messages: they travel among the events, so that every reader meets them.

Both say what is true of the past: what happened until ``at``. So it does no harm to meet one twice, or late.
"""

from typing import Annotated

import msgspec

from events.messages import SCHEMA_VERSION, Instant, Name

# A shopper's name: `u:<user id>` or `s:<session id>`.
ShopperName = Annotated[str, msgspec.Meta(min_length=3, max_length=202, pattern="^[us]:")]
Slug = Annotated[str, msgspec.Meta(min_length=1, max_length=50)]


class Erasure(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="erasure"):
    """What was known of this shopper until then is nobody's."""

    tenant: Slug
    shopper: ShopperName
    at: Instant
    schema_version: int = SCHEMA_VERSION

    @property
    def key(self) -> str:
        """What the message is keyed by: it follows the shopper's events."""
        return self.shopper


class Merge(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="merge"):
    """What the session did until then, without a name, the user did."""

    tenant: Slug
    user_id: Name
    session_id: Name
    at: Instant
    schema_version: int = SCHEMA_VERSION

    @property
    def key(self) -> str:
        return self.session

    @property
    def user(self) -> str:
        """The user's name among shoppers."""
        return f"u:{self.user_id}"

    @property
    def session(self) -> str:
        return f"s:{self.session_id}"


Act = Erasure | Merge

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Act] = msgspec.json.Decoder(Act)
# How the encoder begins them. Every record is asked, so that a look at its first bytes has to do.
_SIGNS = (b'{"kind":"erasure"', b'{"kind":"merge"')


def encode(act: Act) -> bytes:
    return _encoder.encode(act)


def decode(value: bytes | None) -> Act | None:
    """Return the act in a message; None if it is something else, or not to be read."""
    if not is_act(value):
        return None
    try:
        act = _decoder.decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None  # as what it is, nothing: whoever reads it says that it is no event either
    return act if act.schema_version == SCHEMA_VERSION else None


def is_act(value: bytes | None) -> bool:
    """Return whether the message looks like one, without decoding it."""
    return value is not None and value.startswith(_SIGNS)
