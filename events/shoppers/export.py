"""Everything that is known of a user, as one JSON document that is written while it is read."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from events.live.redis import RedisLiveState
from events.models import Interaction
from events.shoppers.history import entry, history_of
from sdr.accounts import preferences
from sdr.accounts.models import Tenant, User

_CHUNK = 2000


def export_user(tenant: Tenant, external_id: str) -> Iterator[bytes]:
    """Return the parts of a JSON object: user (null: no such row), preferences, live_state, sessions, history.

    What is not in Postgres is read before the first part is asked for. Raises Unavailable: half of it is no export.
    """
    user = User.objects.filter(tenant=tenant, external_id=external_id).first()
    known = {
        "user": _row(user) if user else None,
        "preferences": preferences.complete(user.preferences if user else {}),
        "live_state": live_state_of(tenant, external_id),
        "sessions": list(user.session_merges.values_list("session_id", flat=True)) if user else [],
    }
    return _parts(known, history_of(tenant.pk, external_id).iterator(chunk_size=_CHUNK))


def live_state_of(tenant: Tenant, external_id: str) -> dict[str, Any]:
    """Return what the live state knows: recent products and marks, each with its instant. Raises Unavailable."""
    shopper = RedisLiveState().shopper(tenant.slug, f"u:{external_id}")
    marks = sorted(shopper.marks.items(), key=lambda mark: mark[1], reverse=True)
    return {
        "recent": [{"product_id": product, "at": _instant(at)} for product, at in shopper.recent],
        "marks": [_mark(mark) | {"at": _instant(at)} for mark, at in marks],
    }


def _mark(mark: str) -> dict[str, Any]:
    kind, product, *stars = mark.split(":")
    return {"kind": kind, "product_id": int(product)} | ({"value": float(stars[0])} if stars else {})


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _row(user: User) -> dict[str, Any]:
    fields = ("external_id", "username", "email", "first_name", "last_name", "is_staff", "date_joined", "last_login")
    return {name: getattr(user, name) for name in fields}


def _parts(known: dict[str, Any], history: Iterator[Interaction]) -> Iterator[bytes]:
    yield orjson.dumps(known, option=orjson.OPT_UTC_Z)[:-1] + b',"history":['
    separator = b""
    chunk: list[bytes] = []
    for interaction in history:
        chunk.append(separator + orjson.dumps(entry(interaction)))
        separator = b","
        if len(chunk) == _CHUNK:
            yield b"".join(chunk)
            chunk = []
    yield b"".join(chunk) + b"]}"
