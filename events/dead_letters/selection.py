"""Which dead letters are meant."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from events.dead_letters.letter import DeadLetter
from sdr.exceptions import InvalidInput

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Selection:
    """What is None is no condition. ``since``: when it became a dead letter."""

    topic: str | None = None
    reason: str | None = None
    since: datetime | None = None
    event_id: UUID | None = None

    def means(self, letter: DeadLetter) -> bool:
        return (
            self.topic in {None, letter.origin.topic}
            and self.reason in {None, letter.reason}
            and (self.since is None or letter.died_at_ms >= self.since.timestamp() * 1000)
            # In the bytes, for what cannot be decoded has an id as well.
            and (self.event_id is None or str(self.event_id).encode() in letter.value.lower())
        )


def parse_since(text: str, *, now: datetime) -> datetime:
    """Return the instant that "90m", "12h", "7d" or an ISO 8601 time means; raises InvalidInput."""
    if span := re.fullmatch(r"(\d{1,6})([mhd])", text):
        return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput("since", f"{text!r} is neither an ISO 8601 time nor a span like 90m, 12h or 7d.") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
