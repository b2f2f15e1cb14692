"""The shapes of what is asked and answered about shoppers."""

from typing import Any

from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from events.kinds import Kind
from events.models import Interaction
from events.shoppers.history import entry
from sdr.accounts.preferences import MAX_CATEGORIES


class PreferencesSerializer(serializers.Serializer[Any]):
    """By category slug. Slugs that no category has are kept, and do nothing until one has them."""

    favorite_categories = serializers.ListField(child=serializers.CharField(), max_length=MAX_CATEGORIES)
    category_weights = serializers.DictField(
        child=serializers.FloatField(min_value=0, max_value=1), help_text="From 0 to 1."
    )
    hidden_categories = serializers.ListField(
        child=serializers.CharField(), max_length=MAX_CATEGORIES, help_text="Nothing of these is recommended."
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Answer",
            {
                "event_id": "0192f5e0-0000-7000-8000-000000000001",
                "kind": "click",
                "product_id": 12,
                "session_id": "s-9",
                "occurred_at": "2026-11-23T10:00:00.123Z",
                "received_at": "2026-11-23T10:00:00.150Z",
            },
            response_only=True,
        )
    ]
)
class HistoryEntrySerializer(serializers.Serializer[Interaction]):
    """What is not known is left out."""

    event_id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind])
    product_id = serializers.IntegerField(required=False)
    sku = serializers.CharField(required=False, help_text="What the event named, if it named no id.")
    session_id = serializers.CharField(required=False)
    value = serializers.FloatField(required=False, help_text="The stars of a rating.")
    occurred_at = serializers.DateTimeField(help_text="In UTC.")
    received_at = serializers.DateTimeField(help_text="In UTC.")
    recommendation_id = serializers.CharField(required=False)
    position = serializers.IntegerField(required=False)

    def to_representation(self, instance: Interaction) -> Any:
        return entry(instance)


@extend_schema_field({"type": "string", "format": "date-time"})
class InstantField(serializers.Field[Any, Any, Any, Any]):
    """ISO 8601 with a time zone: without one, nobody knows which instant is meant."""

    default_error_messages = {"invalid": "It must be ISO 8601 with a time zone, like 2026-11-01T00:00:00+01:00."}

    def to_internal_value(self, data: Any) -> Any:
        try:
            # A plus sign that was not escaped arrives as a blank.
            at = parse_datetime(str(data).replace(" ", "+")) if "T" in str(data) else None
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            self.fail("invalid")
        return at

    def to_representation(self, value: Any) -> Any:
        return value.isoformat()


class HistoryQuerySerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(required=False, help_text="One kind, or several with commas: click,purchase.")
    since = InstantField(required=False, help_text="From this instant on: ISO 8601 with a time zone.")
    until = InstantField(required=False, help_text="Before this instant.")

    def validate_kind(self, value: str) -> list[Kind]:
        try:
            return [Kind(name.strip()) for name in value.split(",")]
        except ValueError as error:
            known = ", ".join(kind.value for kind in Kind)
            raise serializers.ValidationError(f"There are the kinds {known}.") from error


class MergeSerializer(serializers.Serializer[Any]):
    session_id = serializers.CharField(min_length=1, max_length=200)


class MovedSerializer(serializers.Serializer[Any]):
    recent = serializers.IntegerField(help_text="Recent products.")
    marks = serializers.IntegerField(help_text="Purchases, dislikes, ratings and the like.")


PENDING = "Servers that did not answer, redis or kafka: they are told within seconds of being back."


class MergedSerializer(serializers.Serializer[Any]):
    user_id = serializers.CharField()
    session_id = serializers.CharField()
    interactions = serializers.IntegerField(help_text="Of the session, that are in the user's history now.")
    live_state = MovedSerializer()
    pending = serializers.ListField(child=serializers.CharField(), help_text=PENDING)


class RemovedFromPostgresSerializer(serializers.Serializer[Any]):
    users = serializers.IntegerField()
    preferences = serializers.IntegerField()
    interactions = serializers.IntegerField(help_text="They stay, and are nobody's.")
    sessions = serializers.IntegerField(help_text="Sessions known to be the user's, erased as well.")
    answers = serializers.IntegerField(help_text="Kept for writes about the user with an Idempotency-Key.")


class RemovedSerializer(serializers.Serializer[Any]):
    postgres = RemovedFromPostgresSerializer()
    redis = MovedSerializer()


class ReceiptSerializer(serializers.Serializer[Any]):
    erased_at = serializers.DateTimeField()
    tombstone = serializers.CharField(help_text="The hash that remains, so that nothing brings the user back.")
    removed = RemovedSerializer()
    pending = serializers.ListField(child=serializers.CharField(), help_text=PENDING)


class ExportedUserSerializer(serializers.Serializer[Any]):
    external_id = serializers.CharField()
    username = serializers.CharField()
    email = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    is_staff = serializers.BooleanField()
    date_joined = serializers.DateTimeField()
    last_login = serializers.DateTimeField(allow_null=True)


class ExportedProductSerializer(serializers.Serializer[Any]):
    product_id = serializers.IntegerField()
    at = serializers.DateTimeField()


class ExportedMarkSerializer(ExportedProductSerializer):
    kind = serializers.CharField()
    value = serializers.FloatField(required=False)


class ExportedLiveStateSerializer(serializers.Serializer[Any]):
    recent = ExportedProductSerializer(many=True)
    marks = ExportedMarkSerializer(many=True)


class ExportSerializer(serializers.Serializer[Any]):
    user = ExportedUserSerializer(allow_null=True)
    preferences = PreferencesSerializer()
    live_state = ExportedLiveStateSerializer()
    sessions = serializers.ListField(child=serializers.CharField(), help_text="That were merged into the user.")
    history = HistoryEntrySerializer(many=True)
