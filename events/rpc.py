"""gRPC's way in for events: the same use cases as ``views.py``."""

from collections.abc import Iterator
from typing import Any

import grpc

from events import services
from events.broker.base import Outcome
from events.broker.producer import publisher
from events.services import Tracked
from protos.events.v1 import events_pb2 as messages
from protos.events.v1.events_pb2_grpc import add_EventServiceServicer_to_server
from sdr.accounts.models import Scope
from sdr.exceptions import InvalidInput
from sdr.rpc import inflow
from sdr.rpc.messages import instant
from sdr.rpc.results import BoundedResults
from sdr.rpc.services import Service

# Of these the acknowledgements are waited for together, before more are read.
BATCH_SIZE = 500
MAX_RESULTS = 1000
KIND_PREFIX = "EVENT_KIND_"


class EventService(Service):
    service_name = messages.DESCRIPTOR.services_by_name["EventService"].full_name
    add_to_server = staticmethod(add_EventServiceServicer_to_server)
    required_scopes = {"TrackEvent": Scope.EVENTS_WRITE, "TrackEvents": Scope.EVENTS_WRITE}

    def TrackEvent(  # noqa: N802  the proto's name
        self, request: messages.TrackEventRequest, context: grpc.ServicerContext
    ) -> messages.TrackEventResponse:
        [tracked] = self._track([request.event], wait_for_ack=not request.queued)
        if tracked.status is Outcome.REJECTED:
            raise InvalidInput(tracked.field or "event", _reason(tracked))
        return messages.TrackEventResponse(result=_result(0, tracked))

    def TrackEvents(  # noqa: N802  the proto's name
        self, request: Iterator[messages.TrackEventsRequest], context: grpc.ServicerContext
    ) -> messages.TrackEventsResponse:
        told: BoundedResults[tuple[int, Tracked]] = BoundedResults(_is_bad, most=MAX_RESULTS)
        for batch in inflow.batches(request, context, most=BATCH_SIZE):
            tracked = self._track([message.event for message in batch])
            told.add((result.status, (n, result)) for n, result in enumerate(tracked, told.total))
        return messages.TrackEventsResponse(
            accepted=told.counts[Outcome.ACCEPTED],
            rejected=told.counts[Outcome.REJECTED],
            unknown=told.counts[Outcome.UNKNOWN],
            results=[_result(n, result) for n, result in told.kept],
        )

    def _track(self, events: list[messages.Event], *, wait_for_ack: bool = True) -> list[Tracked]:
        raw_events = [_raw(event) for event in events]
        return services.track(raw_events, tenant=self.caller.tenant, publisher=publisher(), wait_for_ack=wait_for_ack)


def kind_name(kind: int) -> str:
    """Return the kind as events carry it, the bare number for one that is unknown here."""
    if kind not in messages.EventKind.values():
        return str(kind)
    return messages.EventKind.Name(kind).removeprefix(KIND_PREFIX).lower()


def kind_number(name: str) -> int:
    return messages.EventKind.Value(KIND_PREFIX + name.upper())


def _raw(event: messages.Event) -> dict[str, Any]:
    """Return what ``events.validation`` checks, as REST would have decoded it."""
    raw = {field.name: value for field, value in event.ListFields()}
    if "kind" in raw:  # unspecified counts as a click
        raw["kind"] = kind_name(event.kind)
    if "occurred_at" in raw:
        try:
            raw["occurred_at"] = instant(event.occurred_at, "occurred_at")
        except InvalidInput as error:
            raw["occurred_at"] = str(error)  # refused there, with whatever else is wrong
    return raw


def _is_bad(item: tuple[int, Tracked]) -> bool:
    return item[1].status is not Outcome.ACCEPTED


_STATUSES = {
    Outcome.ACCEPTED: messages.TRACKING_STATUS_ACCEPTED,
    Outcome.REJECTED: messages.TRACKING_STATUS_REJECTED,
    Outcome.UNKNOWN: messages.TRACKING_STATUS_UNKNOWN,
}


def _result(position: int, tracked: Tracked) -> messages.TrackedEvent:
    return messages.TrackedEvent(
        position=position,
        event_id=tracked.event_id or "",
        status=_STATUSES[tracked.status],
        field=tracked.field or "",
        error=tracked.error or "",
    )


def _reason(tracked: Tracked) -> str:
    return (tracked.error or "Kafka refuses it.").removeprefix(f"{tracked.field}: ")
