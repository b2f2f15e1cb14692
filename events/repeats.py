"""Requests that are sent again: their events get the same ids, and so count once."""

import json
import uuid
from collections.abc import Sequence
from typing import Any

from events.validation import IncomingEvent

_NAMESPACE = uuid.UUID("5d2c7a86-0f0b-4a1e-9e55-1c3f5d0b7a11")


def with_ids(raw_events: Sequence[Any], *, tenant: str, key: str) -> list[Any]:
    """Return the events, each without an ``event_id`` with one made from the key, its place and what it says.

    No server is asked and nothing is kept. The same request again makes the same ids, and the live state and the
    archive count an id once within ten minutes; another request under the same key is other events.
    """
    return [_with_id(raw, f"{tenant}\n{key}\n{place}\n") for place, raw in enumerate(raw_events)]


def _with_id(raw: Any, seed: str) -> Any:
    if not isinstance(raw, dict) or raw.get("event_id") is not None:
        return raw
    # Only what counts. Not by orjson, which refuses long numbers and half characters, where the checks name the field.
    known = {name: raw[name] for name in IncomingEvent.__struct_fields__ if raw.get(name) is not None}
    try:
        said = json.dumps(known, sort_keys=True, default=str)
    except RecursionError:
        return raw  # no field is that deep: it is refused, id or not
    return raw | {"event_id": str(uuid.uuid5(_NAMESPACE, seed + said))}
