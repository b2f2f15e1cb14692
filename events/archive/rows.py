"""An event as a line of Postgres' COPY, in its text format."""

from functools import lru_cache

from events.messages import Event

# The staging table's, in this order.
COLUMNS = {
    "tenant_id": "bigint",
    "event_id": "uuid",
    "kind": "text",
    "product_id": "bigint",
    "sku": "text",
    "external_id": "text",
    "session_id": "text",
    "value": "double precision",
    "occurred_at": "timestamptz",
    "received_at": "timestamptz",
    "recommendation_id": "text",
    "position": "integer",
    "topic": "text",
    "incarnation": "text",
    "partition": "integer",
    '"offset"': "bigint",
}
_NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_line(log: str, offset: int, event: Event, tenant_id: int) -> str:
    """Return the event's values in the order of ``COLUMNS``, with the end of the line."""
    fields = (
        str(tenant_id),
        event.event_id.hex,
        event.kind,
        _NULL if event.product_id is None else str(event.product_id),
        _text(event.sku),
        _text(event.user_id),
        _text(event.session_id),
        _NULL if event.value is None else repr(event.value),
        event.occurred_at.isoformat(),
        event.received_at.isoformat(),
        _text(event.recommendation_id),
        _NULL if event.position is None else str(event.position),
        _place(log),
        str(offset),
    )
    return "\t".join(fields) + "\n"


@lru_cache(maxsize=1000)
def _place(log: str) -> str:
    """Return topic, incarnation and partition out of the log's name, ``topic@incarnation/partition``."""
    topic, _, rest = log.partition("@")
    incarnation, _, number = rest.rpartition("/")
    return "\t".join((_text(topic), _text(incarnation), number))


def _text(text: str | None) -> str:
    if text is None:
        return _NULL
    # What is to be escaped is a backslash or cannot be printed, and most texts hold neither.
    return text if text.isprintable() and "\\" not in text else text.translate(_ESCAPES)
