"""REST's way to what is known of shoppers."""

from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from events.live.base import Moved
from events.models import Interaction
from events.shoppers import serializers
from events.shoppers.erasing import Receipt, erase_user
from events.shoppers.export import export_user
from events.shoppers.history import history_of
from events.shoppers.merging import merge_session
from events.shoppers.names import session_in_body, user_in_path
from events.shoppers.preferences import change_preferences, preferences_of
from sdr.accounts.authentication import access_of
from sdr.accounts.models import Scope, Tenant
from sdr.api import PageNumberPagination, validated_query
from sdr.exceptions import NotFound

_PREFERENCES = OpenApiExample(
    "Hide one category, prefer another",
    {"hidden_categories": ["garden"], "category_weights": {"kitchen": 0.9, "office": None}},
    request_only=True,
)
_MERGED = {
    "user_id": "u-7",
    "session_id": "s-9",
    "interactions": 3,
    "live_state": {"recent": 2, "marks": 1},
    "pending": [],
}
_EXPORTED = OpenApiExample(
    "Of a user nobody has heard of",
    {
        "user": None,
        "preferences": {"favorite_categories": [], "category_weights": {}, "hidden_categories": []},
        "live_state": {"recent": [], "marks": []},
        "sessions": [],
        "history": [],
    },
    response_only=True,
)
_RECEIPT = OpenApiExample(
    "Of a user with one session",
    {
        "erased_at": "2026-11-23T10:00:00.123456Z",
        "tombstone": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "removed": {
            "postgres": {"users": 1, "preferences": 1, "interactions": 3, "sessions": 1, "answers": 0},
            "redis": {"recent": 4, "marks": 1},
        },
        "pending": [],
    },
    response_only=True,
)
_ANSWER = OpenApiExample(
    "Answer",
    {"favorite_categories": [], "category_weights": {"kitchen": 0.9}, "hidden_categories": ["garden"]},
    response_only=True,
)


class ReadsAndWrites(APIView):
    """Needs users:read to look, users:write to change."""

    @property
    def required_scope(self) -> Scope:
        return Scope.USERS_READ if self.request.method in {"GET", "HEAD", "OPTIONS"} else Scope.USERS_WRITE


class PreferencesView(ReadsAndWrites):
    """What a user likes and hides. A user nobody has heard of has no preferences yet."""

    @extend_schema(operation_id="user_preferences", responses=serializers.PreferencesSerializer, examples=[_ANSWER])
    def get(self, request: Request, external_id: str) -> Response:
        return Response(preferences_of(access_of(request).tenant_id, user_in_path(external_id)))

    @extend_schema(
        operation_id="change_user_preferences",
        request=serializers.PreferencesSerializer,
        responses=serializers.PreferencesSerializer,
        examples=[_PREFERENCES, _ANSWER],
    )
    def patch(self, request: Request, external_id: str) -> Response:
        """Change some preferences, for the next request on; a user nobody has heard of is created.

        A JSON merge patch: lists are replaced, weights are merged slug by slug, null takes away.
        """
        return Response(change_preferences(access_of(request).tenant_id, user_in_path(external_id), request.data))


class MergeView(APIView):
    """Login of an anonymous session: what it did so far without a name, the user did.

    Recent products, purchases, dislikes and the like go to the user at once, and the session has them no more. Again,
    and nothing is left to go. Later events that name both are kept under both.
    """

    required_scope = Scope.USERS_WRITE

    @extend_schema(
        operation_id="merge_session",
        request=serializers.MergeSerializer,
        responses=serializers.MergedSerializer,
        examples=[
            OpenApiExample("The session of a visit", {"session_id": "s-9"}, request_only=True),
            OpenApiExample("Merged", _MERGED, response_only=True),
        ],
    )
    def post(self, request: Request, external_id: str) -> Response:
        user_id, session_id = user_in_path(external_id), session_in_body(request.data)
        merged = merge_session(_tenant(request), user_id, session_id)
        return Response(
            {
                "user_id": user_id,
                "session_id": session_id,
                "interactions": merged.n_interactions,
                "live_state": _moved(merged.moved),
                "pending": merged.pending,
            }
        )


class ExportView(APIView):
    """Everything that is known of a user: the row, preferences, live state, merged sessions and the whole history."""

    required_scope = Scope.USERS_READ

    @extend_schema(operation_id="export_user", responses=serializers.ExportSerializer, examples=[_EXPORTED])
    def get(self, request: Request, external_id: str) -> HttpResponseBase:
        parts = export_user(_tenant(request), user_in_path(external_id))
        return StreamingHttpResponse(parts, content_type="application/json")


class UserView(APIView):
    """A user as a whole."""

    required_scope = Scope.USERS_WRITE

    @extend_schema(operation_id="erase_user", responses={200: serializers.ReceiptSerializer}, examples=[_RECEIPT])
    def delete(self, request: Request, external_id: str) -> Response:
        """Erase a user for good, and say what was removed.

        Events that came before still count for the products, and are nobody's. No replay, rebuild or restored copy
        brings the user back; who comes back in person begins anew. Again, and nothing is left to be removed.
        """
        return Response(receipt_body(erase_user(_tenant(request), user_in_path(external_id))))

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Answer that there is no such door to who went past one: ids with a slash may be any path from here."""
        if "/" in kwargs["external_id"]:
            raise NotFound(f"There is nothing at {request.path}.")
        return super().http_method_not_allowed(request, *args, **kwargs)


def receipt_body(receipt: Receipt) -> dict[str, Any]:
    return {
        "erased_at": receipt.erased_at,
        "tombstone": receipt.tombstone,
        "removed": {
            "postgres": {
                "users": receipt.n_users,
                "preferences": receipt.n_preferences,
                "interactions": receipt.n_interactions,
                "sessions": receipt.n_sessions,
                "answers": receipt.n_answers,
            },
            "redis": _moved(receipt.live_state),
        },
        "pending": receipt.pending,
    }


def _moved(moved: Moved) -> dict[str, int]:
    return {"recent": moved.n_recent, "marks": moved.n_marks}


def _tenant(request: Request) -> Tenant:
    return Tenant.objects.get(pk=access_of(request).tenant_id)


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
