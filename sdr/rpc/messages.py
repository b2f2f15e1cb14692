"""Between messages and plain values."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message
from google.protobuf.struct_pb2 import ListValue, Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from sdr.exceptions import InvalidInput


def optional(message: Message, field: str) -> Any:
    """Return the field's value, None where it is absent."""
    return getattr(message, field) if message.HasField(field) else None


def present(message: Message) -> dict[str, Any]:
    """Return the fields that are there, by name, as plain values; raises InvalidInput for what JSON cannot say."""
    return {field.name: plain(value, field.name) for field, value in message.ListFields()}


def plain(value: Any, field: str) -> Any:
    """Return numbers, texts, lists and dicts as Python has them; whole numbers of a Struct as int."""
    match value:
        case Struct():
            return {name: plain(below, field) for name, below in value.fields.items()}
        case ListValue():
            return [plain(below, field) for below in value.values]
        case Value():
            return _of_value(value, field)
        case float() if not math.isfinite(value):
            raise InvalidInput(field, "It must be a number.")
        case str() | int() | float():
            return value
    return list(value)


def instant(value: Timestamp, field: str) -> datetime:
    """Return the instant in UTC; raises InvalidInput for one that no calendar has."""
    try:
        return value.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(field, "There is no such instant.") from error


def timestamp(at: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(at)
    return message


def struct(values: Mapping[str, Any]) -> Struct:
    message = Struct()
    message.update(dict(values))
    return message


def _of_value(value: Value, field: str) -> Any:
    kind = value.WhichOneof("kind")
    if kind is None or kind == "null_value":
        return None
    found = plain(getattr(value, kind), field)
    # A Struct knows only doubles; 5 was sent as 5.
    return int(found) if kind == "number_value" and found.is_integer() and abs(found) < 2**53 else found
