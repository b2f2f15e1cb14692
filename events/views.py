"""REST's way in for events."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from events import services
from events.broker.base import Outcome
from events.broker.producer import publisher
from events.kinds import Kind
from events.repeats import with_ids
from sdr.accounts.authentication import access_of
from sdr.accounts.models import Scope
from sdr.exceptions import InvalidInput


class EventSerializer(serializers.Serializer[Any]):
    """The shape of an event, for the documentation: :mod:`events.validation` does the checking."""

    event_id = serializers.UUIDField(required=False, help_text="Send one if you may retry: it is counted once.")
    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind], default=Kind.CLICK.value)
    product_id = serializers.IntegerField(required=False, min_value=1)
    sku = serializers.CharField(required=False, help_text="Instead of product_id.")
    user_id = serializers.CharField(required=False)
    session_id = serializers.CharField(required=False, help_text="Instead of user_id, or with it.")
    value = serializers.FloatField(required=False, min_value=0, max_value=5, help_text="The stars of a rating.")
    occurred_at = serializers.DateTimeField(required=False, help_text="ISO 8601 with a time zone; now if missing.")
    recommendation_id = serializers.CharField(required=False)
    position = serializers.IntegerField(required=False, min_value=0)


class EventsSerializer(serializers.Serializer[Any]):
    events = EventSerializer(many=True)


class TrackedSerializer(serializers.Serializer[Any]):
    event_id = serializers.CharField(required=False, help_text="Missing where what was sent had none to tell.")
    status = serializers.ChoiceField(choices=[outcome.value for outcome in Outcome])
    field = serializers.CharField(required=False, help_text="What is not acceptable.")
    error = serializers.CharField(required=False)


class TrackedEventsSerializer(serializers.Serializer[Any]):
    accepted = serializers.IntegerField()
    results = TrackedSerializer(many=True)


TRACKED = {
    "accepted": 1,
    "results": [
        {"event_id": "0192f5e0-0000-7000-8000-000000000001", "status": "accepted"},
        {"status": "rejected", "field": "kind", "error": "kind: is unknown"},
    ],
}


class EventsView(APIView):
    """Send what shoppers do: one event, a list of events, or {"events": [...]}, at most 1,000 at a time.

    Good events are taken even if others are bad. "unknown" means that no acknowledgement came in time: send the event
    again with the same event_id, and it is counted once.
    """

    required_scope = Scope.EVENTS_WRITE
    stores_answers = False  # a key makes the events' ids (events/repeats.py): Postgres may be away

    @extend_schema(
        request=EventsSerializer,
        parameters=[
            OpenApiParameter(
                "ack",
                enum=["all", "queued"],
                default="all",
                description="queued: answer before Kafka has the events; those that are buffered die with the process.",
            )
        ],
        responses={202: TrackedEventsSerializer},
        examples=[
            OpenApiExample("A click", {"product_id": 12, "session_id": "s-9"}, request_only=True),
            OpenApiExample(
                "A purchase",
                {"events": [{"kind": "purchase", "sku": "HOM-0001", "user_id": "u-7"}]},
                request_only=True,
            ),
            OpenApiExample("One of two", TRACKED, response_only=True, status_codes=["202"]),
        ],
    )
    def post(self, request: Request) -> Response:
        raw_events = _events_of(request.data)
        if key := request.headers.get("Idempotency-Key"):
            raw_events = with_ids(raw_events, tenant=access_of(request).tenant, key=key)
        tracked = services.track(
            raw_events,
            tenant=access_of(request).tenant,
            publisher=publisher(),
            wait_for_ack=_waits_for_ack(request.query_params.get("ack", "all")),
        )
        n_accepted = sum(result.status is Outcome.ACCEPTED for result in tracked)
        results = [{key: value for key, value in asdict(result).items() if value is not None} for result in tracked]
        return Response({"accepted": n_accepted, "results": results}, status=status.HTTP_202_ACCEPTED)


def _waits_for_ack(ack: str) -> bool:
    if ack not in {"all", "queued"}:
        raise InvalidInput("ack", "It must be all or queued.")
    return ack == "all"


def _events_of(body: Any) -> list[Any]:
    if isinstance(body, list):
        return body
    if isinstance(body, dict) and "events" in body:
        if not isinstance(body["events"], list):
            raise InvalidInput("events", "It must be a list.")
        return body["events"]
    if isinstance(body, dict):
        return [body]
    raise InvalidInput("events", "Send one event, a list of events, or an object with a list named events.")
