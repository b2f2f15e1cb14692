"""Records into the live state."""

from events.kinds import MARKING, MEETING, Kind
from events.live.base import LiveEvent
from events.messages import Event
from events.sinks.state import Read, StateSink
from sdr import metrics


class LiveSink(StateSink[LiveEvent]):
    """What is hot, and what shoppers did."""

    stage = "live_state"
    processed = metrics.EVENTS_PROCESSED

    def _taken(self, read: Read, product_id: int, weight: float) -> LiveEvent:
        entry, event = read.entry, read.event
        return LiveEvent(
            log=entry.log,
            offset=entry.record.offset,
            event_id=event.event_id.bytes,
            product_id=product_id,
            weight=weight,
            occurred_at_seconds=read.occurred_seconds,
            is_click=event.kind is Kind.CLICK,
            shoppers=self._erased.names_left(event),
            is_met=event.kind in MEETING,
            mark=_mark(event, product_id),
        )


def _mark(event: Event, product_id: int) -> str:
    if event.kind not in MARKING:
        return ""
    stars = f":{event.value:g}" if event.kind is Kind.RATING else ""
    return f"{event.kind}:{product_id}{stars}"
