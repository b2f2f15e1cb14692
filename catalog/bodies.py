"""What REST is sent, taken apart only as far as needed: prices keep every digit, and one bad row is one bad row."""

from collections.abc import Mapping
from typing import IO, Any

import msgspec
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import QueryDict
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

from catalog.editing import MAX_ROWS
from catalog.rows import FIELDS, from_cells
from sdr.exceptions import InvalidInput

Fields = Mapping[str, Any]

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ROWS = msgspec.json.Decoder(list[msgspec.Raw] | dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


class JsonBytesParser(BaseParser):
    """JSON, as the bytes it came in."""

    media_type = "application/json"
    renderer_class = JSONRenderer  # what the browsable API fills its text area with

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig
        return body


class NdjsonBytesParser(JsonBytesParser):
    """One JSON object a line."""

    media_type = "application/x-ndjson"

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        return [line for line in super().parse(*args, **kwargs).splitlines() if line.strip()]


def fields_of(data: Any) -> tuple[Fields, bool]:
    """Return a product's fields, and whether they came from a form, where numbers are text."""
    if isinstance(data, QueryDict):
        # A browser's form has a token of its own.
        cells = {name: value for name, value in data.items() if isinstance(value, str) and name in FIELDS}
        return from_cells(cells), True
    return _decoded(_FIELDS, data or b"{}", "Send a JSON object: the fields of a product."), False


def rows_of(data: Any) -> list[Fields | InvalidInput]:
    """Return the rows of a list, of ``{"products": [...]}`` or of lines; one that is no object is an error in place."""
    rows = data if isinstance(data, list) else _rows(data)
    if len(rows) > MAX_ROWS:
        raise InvalidInput("products", f"At most {MAX_ROWS} at a time, not {len(rows)}.")
    return [_row(row) for row in rows]


def _rows(data: Any) -> list[Any]:
    advice = 'Send a JSON list of products, or {"products": [...]}.'
    body = _decoded(_ROWS, data or b"[]", advice)  # nothing sent: DRF does not ask the parser
    if isinstance(body, list):
        return body
    if "products" not in body:
        raise InvalidInput("products", advice)
    return _decoded(_LIST, body["products"], advice, field="products")


def _row(row: bytes | msgspec.Raw) -> Fields | InvalidInput:
    try:
        return _FIELDS.decode(row)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return InvalidInput("row", "It must be a JSON object: the fields of a product.")


def _decoded(decoder: msgspec.json.Decoder[Any], text: bytes | msgspec.Raw, advice: str, field: str = "body") -> Any:
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        raise InvalidInput(field, advice) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ParseError(f"The body is not JSON: {error}") from error
