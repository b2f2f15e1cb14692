"""The header, in the OpenAPI document of every write."""

from typing import Any

PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "Your own name for this write. Sent again with the same key within 24 hours, it is done once, and "
    "answered as the first time, with the header Idempotency-Replayed.",
}
EVENTS = "Your own name for this request. Events without an event_id get one from it: sent again, they count once."


def describe_keys(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Add the parameter to every operation that writes; a hook of drf-spectacular."""
    for path, operations in result["paths"].items():
        for method in ("post", "put", "patch", "delete"):
            if operation := operations.get(method):
                told = PARAMETER | {"description": EVENTS} if path == "/api/events" else PARAMETER
                operation.setdefault("parameters", []).append(told)
    return result
