"""A dead letter, and how it travels: the message's own bytes, with the reason and the origin in headers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import structlog

from events.broker.base import Outgoing, Record
from events.kinds import dead_topic

log = structlog.get_logger(__name__)

# Below the broker's limit for a message, with its headers. What was longer is cut, says so, and is never sent again.
MAX_VALUE_BYTES = 900_000
MAX_DETAIL_CHARACTERS = 500


class Origin(NamedTuple):
    """Where the message first stood. It names a dead letter: whoever finds two of one origin found one twice."""

    log: str
    offset: int

    @property
    def topic(self) -> str:
        return self.log.partition("@")[0]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """``timestamp_ms``: when the log took the message; ``died_at_ms``: when it became a dead letter, 0 before."""

    origin: Origin
    reason: str
    detail: str
    timestamp_ms: int
    value: bytes
    is_cut: bool = False
    died_at_ms: int = 0


class NotALetter(Exception):
    """A message in a topic of dead letters that has not their headers: somebody else put it there."""


def make_letter(log: str, record: Record, reason: str, detail: str) -> DeadLetter:
    value = record.value or b""
    return DeadLetter(
        Origin(log, record.offset),
        reason,
        detail[:MAX_DETAIL_CHARACTERS],
        record.timestamp_ms,
        value[:MAX_VALUE_BYTES],
        is_cut=len(value) > MAX_VALUE_BYTES,
    )


def to_message(letter: DeadLetter) -> Outgoing:
    topic, _, place = letter.origin.log.partition("@")
    incarnation, _, partition = place.rpartition("/")
    headers = {
        "reason": letter.reason,
        "detail": letter.detail,
        "topic": topic,
        "incarnation": incarnation,
        "partition": partition,
        "offset": str(letter.origin.offset),
        "timestamp_ms": str(letter.timestamp_ms),
    }
    if letter.is_cut:
        headers["cut"] = "1"
    return Outgoing(
        dead_topic(topic),
        letter.origin.log,
        letter.value,
        tuple((name, text.encode()) for name, text in headers.items()),
    )


def from_record(record: Record) -> DeadLetter:
    """Return the letter in a message of a topic of dead letters; raises NotALetter."""
    try:
        headers = {name: text.decode() for name, text in record.headers}
        log = f"{headers['topic']}@{headers['incarnation']}/{int(headers['partition'])}"
        return DeadLetter(
            Origin(log, int(headers["offset"])),
            headers["reason"],
            headers.get("detail", ""),
            int(headers["timestamp_ms"]),
            record.value or b"",
            is_cut="cut" in headers,
            died_at_ms=record.timestamp_ms,
        )
    except (KeyError, ValueError) as error:
        raise NotALetter(f"{record.partition}, offset {record.offset}: {error!r}") from error


def readable(records: Iterable[Record]) -> Iterator[DeadLetter]:
    """Yield the letters among the messages of a topic of dead letters; strangers are logged and left."""
    for record in records:
        try:
            yield from_record(record)
        except NotALetter as error:
            log.warning("not a dead letter", place=str(error))
