"""REST's way to what is known of shoppers."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from events.models import Interaction
from events.shoppers import serializers
from events.shoppers.history import history_of
from events.shoppers.names import user_in_path
from events.shoppers.preferences import change_preferences, preferences_of
from sdr.accounts.authentication import access_of
from sdr.accounts.models import Scope
from sdr.api import PageNumberPagination, validated_query

_PREFERENCES = OpenApiExample(
    "Hide one category, prefer another",
    {"hidden_categories": ["garden"], "category_weights": {"kitchen": 0.9, "office": None}},
    request_only=True,
)


class ReadsAndWrites(APIView):
    """Needs users:read to look, users:write to change."""

    @property
    def required_scope(self) -> Scope:
        return Scope.USERS_READ if self.request.method in {"GET", "HEAD", "OPTIONS"} else Scope.USERS_WRITE


class PreferencesView(ReadsAndWrites):
    """What a user likes and hides. A user nobody has heard of has no preferences yet."""

    @extend_schema(operation_id="user_preferences", responses=serializers.PreferencesSerializer)
    def get(self, request: Request, external_id: str) -> Response:
        return Response(preferences_of(access_of(request).tenant_id, user_in_path(external_id)))

    @extend_schema(
        operation_id="change_user_preferences",
        request=serializers.PreferencesSerializer,
        responses=serializers.PreferencesSerializer,
        examples=[_PREFERENCES],
    )
    def patch(self, request: Request, external_id: str) -> Response:
        """Change some preferences, for the next request on; a user nobody has heard of is created.

        A JSON merge patch: lists are replaced, weights are merged slug by slug, null takes away.
        """
        return Response(change_preferences(access_of(request).tenant_id, user_in_path(external_id), request.data))


class HistoryPages(PageNumberPagination):
    results_name = "history"


@extend_schema_view(get=extend_schema(operation_id="user_history", parameters=[serializers.HistoryQuerySerializer]))
class HistoryView(ListAPIView[Interaction]):
    """What a user did, newest first, in pages; empty for a user nobody has heard of. Events appear within seconds."""

    required_scope = Scope.USERS_READ
    serializer_class = serializers.HistoryEntrySerializer
    pagination_class = HistoryPages
    queryset = Interaction.objects.none()  # what the documentation learns the model from

    def get_queryset(self) -> QuerySet[Interaction]:
        query: dict[str, Any] = validated_query(self.request, serializers.HistoryQuerySerializer)
        query["kinds"] = query.pop("kind", ())
        return history_of(access_of(self.request).tenant_id, user_in_path(self.kwargs["external_id"]), **query)
