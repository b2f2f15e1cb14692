"""Taking events in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from events import codec
from events.broker.base import Outcome, Outgoing, Publisher
from events.kinds import topic_of
from events.messages import Event
from events.validation import parse_event
from sdr import clock
from sdr.errors import tellable
from sdr.exceptions import InvalidInput

MAX_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class Tracked:
    """What became of one event, in the place where it stood in the request."""

    status: Outcome
    event_id: str | None = None
    field: str | None = None
    error: str | None = None


def track(raw_events: Sequence[Any], *, tenant: str, publisher: Publisher, wait_for_ack: bool = True) -> list[Tracked]:
    """Publish the events that are good, and say of each what became of it.

    Without ``wait_for_ack`` the good ones are accepted into a buffer; a crash of this process then loses them.
    Raises InvalidInput for a request that is no list of 1 to 1,000 events, Unavailable if Kafka took none at all.
    """
    if not 1 <= len(raw_events) <= MAX_EVENTS:
        raise InvalidInput("events", f"Send 1 to {MAX_EVENTS} events at a time; these were {len(raw_events)}.")
    received_at = clock.now()
    parsed = [_parse(raw, tenant, received_at) for raw in raw_events]
    events = [event for event in parsed if isinstance(event, Event)]
    outcomes = iter(_publish(events, publisher, wait_for_ack=wait_for_ack))
    return [
        Tracked(next(outcomes), event_id=str(entry.event_id)) if isinstance(entry, Event) else entry for entry in parsed
    ]


def _parse(raw: Any, tenant: str, received_at: datetime) -> Event | Tracked:
    try:
        return parse_event(raw, tenant=tenant, received_at=received_at)
    except InvalidInput as error:
        event_id = raw.get("event_id") if isinstance(raw, dict) else None
        told = tellable(event_id) if isinstance(event_id, str) else None
        return Tracked(Outcome.REJECTED, told, tellable(error.field), tellable(str(error)))


def _publish(events: list[Event], publisher: Publisher, *, wait_for_ack: bool) -> list[Outcome]:
    messages = [Outgoing(topic_of(event.kind), event.shopper, codec.encode(event)) for event in events]
    if not wait_for_ack:
        return publisher.enqueue(messages)
    return publisher.publish(messages, timeout_seconds=settings.KAFKA_ACK_TIMEOUT_SECONDS)
