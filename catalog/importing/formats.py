"""JSON Lines and CSV, row by row. A bad row is an answer, not the end: the ones after it are still to be loaded."""

import csv
import io
import zlib
from collections.abc import Iterator
from pathlib import PurePath

from catalog.importing.source import MAX_LINE_BYTES, Source
from catalog.rows import ProductRow, parse_json, parse_record
from sdr.exceptions import InvalidInput

REQUIRED_COLUMNS = ("sku", "name")
DELIMITERS = (",", ";", "\t")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
CSV_ENDINGS = {".csv", ".tsv"}
JSON_ENDINGS = {".jsonl", ".ndjson", ".json"}


class Unreadable(Exception):
    """The file cannot be read, or not beyond this point."""


Outcome = ProductRow | InvalidInput | Unreadable


def rows(source: Source) -> Iterator[tuple[int, Outcome]]:
    """Yield each row's line number and the row, or what is wrong with it; Unreadable comes last, if it comes."""
    line_number = 0
    try:
        for line_number, outcome in (_csv_rows if is_csv(source) else _json_rows)(source):
            yield line_number, outcome
    except Unreadable as error:
        yield line_number + 1, error
    except (OSError, EOFError, zlib.error) as error:
        yield line_number + 1, Unreadable(f"cannot be read any further: {error}")


def is_csv(source: Source) -> bool:
    """Go by the name's ending, else by the first character."""
    endings = set(PurePath(source.name.lower()).suffixes)
    if endings & (CSV_ENDINGS | JSON_ENDINGS):
        return bool(endings & CSV_ENDINGS)
    return not source.stream.peek(1).removeprefix(BYTE_ORDER_MARK).lstrip().startswith((b"{", b"["))


def _json_rows(source: Source) -> Iterator[tuple[int, Outcome]]:
    for line_number, line in enumerate(source.lines(), start=1):
        text = line.removeprefix(BYTE_ORDER_MARK).strip() if line_number == 1 else line.strip()
        if line_number == 1 and text.startswith(b"["):
            raise Unreadable("is a JSON array; write one object a line instead (jq -c '.[]' does it)")
        if text:
            yield line_number, _json_outcome(text)


def _json_outcome(text: bytes) -> Outcome:
    if len(text) >= MAX_LINE_BYTES:
        return InvalidInput("row", f"is longer than {MAX_LINE_BYTES} bytes")
    try:
        return parse_json(text)
    except InvalidInput as error:
        return error


def _csv_rows(source: Source) -> Iterator[tuple[int, Outcome]]:
    lines = source.lines()
    first_line = _decoded(next(lines, b"").removeprefix(BYTE_ORDER_MARK))
    if not first_line:
        return
    delimiter = max(DELIMITERS, key=first_line.count)
    columns = _columns(first_line, delimiter)
    reader = csv.reader(map(_decoded, lines), delimiter=delimiter)
    while True:
        line_number = reader.line_num + 2  # a quoted cell may run over several lines: the row is named by its first
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line_number, InvalidInput("row", f"is not CSV: {error}")
            continue
        if cells:
            yield line_number, _csv_outcome(columns, cells)


def _decoded(line: bytes) -> str:
    # Bad bytes become lone surrogates, so that only their row is lost.
    return line.decode("utf-8", "surrogateescape")


def _columns(header: str, delimiter: str) -> list[str]:
    columns = [
        name.strip().lower().replace(" ", "_") for name in next(csv.reader(io.StringIO(header), delimiter=delimiter))
    ]
    for name in REQUIRED_COLUMNS:
        if name not in columns:
            raise Unreadable(f"has no column {name!r} in its first line, which reads: {', '.join(columns)[:200]}")
    if repeated := {name for name in columns if name and columns.count(name) > 1}:
        raise Unreadable(f"has more than one column {', '.join(sorted(repeated))}")
    return columns


def _csv_outcome(columns: list[str], cells: list[str]) -> Outcome:
    if len(cells) != len(columns):
        return InvalidInput("row", f"has {len(cells)} cells where the first line has {len(columns)}")
    try:
        "".join(cells).encode()
        return parse_record(dict(zip(columns, cells, strict=True)))
    except UnicodeEncodeError:
        return InvalidInput("row", "is not UTF-8")
    except InvalidInput as error:
        return error
