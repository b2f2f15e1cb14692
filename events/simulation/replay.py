"""Recorded interactions, read as a stream from a CSV file, gzipped or not."""

import csv
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

from catalog import selectors
from catalog.importing.source import MAX_LINE_BYTES, Source
from events.simulation.actions import Action
from events.validation import parse_event
from sdr.exceptions import InvalidInput, SdrError

NEEDED = {"sku", "kind", "occurred_at"}
SHOPPER = {"user_id", "session_id"}
_CHUNK = 500


class BadFile(SdrError):
    """The file as a whole cannot be replayed."""

    code = "bad_file"


class Row(NamedTuple):
    """One interaction, when it happened (seconds since the Unix epoch), and the line it stands in."""

    line: int
    at_seconds: float
    action: Action


def read_rows(source: Source, on_problem: Callable[[str], None]) -> Iterator[Row]:
    """Yield the good rows, and report each bad one with its line; raises BadFile for a file without the columns."""
    lines = _numbered_lines(source)
    header = _header(source.name, lines)
    for number, line in lines:
        try:
            yield _row(number, header, line)
        except (InvalidInput, UnicodeDecodeError, csv.Error) as error:
            on_problem(f"{source.name}, line {number}: {error}")


def known_only(rows: Iterable[Row], tenant_id: int, on_unknown: Callable[[str], None]) -> Iterator[Row]:
    """Leave out what is not in the tenant's catalogue; a few hundred rows are looked up together."""
    rows = iter(rows)
    while chunk := list(islice(rows, _CHUNK)):
        known = selectors.product_ids_by_sku(tenant_id, {row.action.sku or "" for row in chunk})
        for row in chunk:
            if row.action.sku in known:
                yield row
            else:
                on_unknown(f"line {row.line}: {row.action.sku!r} is not in the catalogue")


def _numbered_lines(source: Source) -> Iterator[tuple[int, bytes]]:
    try:
        yield from enumerate(source.lines(), start=1)
    except (OSError, EOFError, zlib.error) as error:
        raise BadFile(f"{source.name} cannot be read to its end: {error}") from error


def _header(name: str, lines: Iterator[tuple[int, bytes]]) -> list[str]:
    _, line = next(lines, (0, b""))
    header = [column.strip() for column in _fields(line.decode("utf-8-sig", "replace"))]
    missing = NEEDED.difference(header)
    if missing or SHOPPER.isdisjoint(header):
        wanted = ", ".join(sorted(missing) or ["user_id or session_id"])
        raise BadFile(f"{name}: the first line must name the columns; these are missing: {wanted}.")
    return header


def _row(number: int, header: list[str], line: bytes) -> Row:
    if len(line) > MAX_LINE_BYTES:
        raise InvalidInput("line", "It is too long.")
    fields = _fields(line.decode())
    if len(fields) != len(header):
        raise InvalidInput("line", f"It has {len(fields)} fields and the first line {len(header)}.")
    event = parse_event(_raw(dict(zip(header, fields, strict=True))), tenant="-", received_at=_END_OF_TIME)
    action = Action(event.kind, event.user_id, event.session_id, sku=event.sku, value=event.value)
    return Row(number, event.occurred_at.timestamp(), action)


# When a row was received is not known, and its own time is all that orders it.
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


def _raw(fields: dict[str, str]) -> dict[str, Any]:
    if missing := [name for name in sorted(NEEDED) if not fields[name]]:
        raise InvalidInput(missing[0], "It is empty.")
    raw: dict[str, Any] = {name: fields[name] for name in NEEDED | SHOPPER if fields.get(name)}
    if value := fields.get("value"):
        raw["value"] = _number(value)
    return raw


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InvalidInput("value", f"{text!r} is no number.") from error


def _fields(line: str) -> list[str]:
    return next(csv.reader([line]), [])
