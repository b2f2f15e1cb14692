"""Records into what follows what."""

from events.kinds import MEETING
from events.live.parameters import milliseconds_kept
from events.live.sequences.base import StepEvent
from events.live.sequences.sessions import KIND_NUMBERS
from events.sinks.pace import CallSize
from events.sinks.state import Read, StateSink
from sdr import metrics


class SequenceSink(StateSink[StepEvent]):
    """What shoppers look at next. Nobody's events, and what is not met, teach nothing."""

    stage = "sequences"
    processed = metrics.SEQUENCE_EVENTS

    def _make_call_size(self) -> CallSize:
        # Shorter than the trends' calls, which share the one thread of Redis: they are not to wait for these.
        return CallSize(max_events=60, max_seconds=0.003, max_backlog_events=200, max_backlog_seconds=0.006)

    def _taken(self, read: Read, product_id: int, weight: float) -> StepEvent | None:
        entry, event = read.entry, read.event
        if event.kind not in MEETING or not (names := self._erased.names_left(event)):
            return None
        return StepEvent(
            log=entry.log,
            offset=entry.record.offset,
            event_id=event.event_id.bytes,
            session=names[-1],  # the session's where there is one
            product_id=product_id,
            kind_number=KIND_NUMBERS[event.kind],
            at_ms=milliseconds_kept(read.occurred_seconds),
            weight=weight,
        )
