"""Shoppers' names, as the shop writes them."""

from typing import Any

from sdr.accounts.preferences import is_storable
from sdr.exceptions import InvalidInput, NotFound

MAX_LENGTH = 200


def user_in_path(external_id: str) -> str:
    """Return the id, if any user could have it; raises NotFound."""
    if len(external_id) > MAX_LENGTH or not is_storable(external_id):
        raise NotFound("There can be no user with this id: it is longer than 200 characters, or holds a NUL.")
    return external_id


def session_in_body(body: Any) -> str:
    """Return ``session_id``; raises InvalidInput."""
    session_id = body.get("session_id") if isinstance(body, dict) else None
    if not isinstance(session_id, str) or not 1 <= len(session_id) <= MAX_LENGTH or not is_storable(session_id):
        raise InvalidInput("session_id", "Send the session's id, 1 to 200 characters.")
    return session_id
