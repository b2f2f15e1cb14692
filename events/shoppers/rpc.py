"""gRPC's way to what is known of users: the same use cases as ``views.py``."""

from typing import Any

import grpc
from django.core.paginator import EmptyPage, Paginator

from events.kinds import Kind
from events.models import Interaction
from events.rpc import kind_name, kind_number
from events.shoppers.history import FIELDS, history_of
from events.shoppers.names import user_in_path
from events.shoppers.preferences import change_preferences, preferences_of
from protos.events.v1 import users_pb2 as messages
from protos.events.v1.users_pb2_grpc import add_UserServiceServicer_to_server
from sdr.accounts.models import Scope
from sdr.exceptions import InvalidInput, NotFound
from sdr.pagination import PageNumberPagination, check_depth
from sdr.rpc.messages import instant, optional, timestamp
from sdr.rpc.services import Service

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = PageNumberPagination.page_size, PageNumberPagination.max_page_size


class UserService(Service):
    service_name = messages.DESCRIPTOR.services_by_name["UserService"].full_name
    add_to_server = staticmethod(add_UserServiceServicer_to_server)
    required_scopes = {
        "GetUser": Scope.USERS_READ,
        "UpdateUserPreferences": Scope.USERS_WRITE,
        "GetBehaviorHistory": Scope.USERS_READ,
    }

    def GetUser(self, request: messages.GetUserRequest, context: grpc.ServicerContext) -> messages.GetUserResponse:  # noqa: N802
        user_id = _user_of(request.user_id)
        preferences = messages.Preferences(**preferences_of(self.caller.tenant_id, user_id))
        return messages.GetUserResponse(user=messages.User(user_id=user_id, preferences=preferences))

    def UpdateUserPreferences(  # noqa: N802
        self, request: messages.UpdateUserPreferencesRequest, context: grpc.ServicerContext
    ) -> messages.UpdateUserPreferencesResponse:
        changed = change_preferences(self.caller.tenant_id, _user_of(request.user_id), _patch(request))
        return messages.UpdateUserPreferencesResponse(preferences=messages.Preferences(**changed))

    def GetBehaviorHistory(  # noqa: N802
        self, request: messages.GetBehaviorHistoryRequest, context: grpc.ServicerContext
    ) -> messages.GetBehaviorHistoryResponse:
        history = history_of(
            self.caller.tenant_id,
            _user_of(request.user_id),
            kinds=[_kind(number) for number in request.kinds],
            since=instant(request.since, "since") if request.HasField("since") else None,
            until=instant(request.until, "until") if request.HasField("until") else None,
        )
        number = _checked("page", optional(request, "page"), 1)
        size = _checked("page_size", optional(request, "page_size"), DEFAULT_PAGE_SIZE, at_most=MAX_PAGE_SIZE)
        pages = Paginator(history, size)
        check_depth(number, pages)
        try:
            page = pages.page(number)
        except EmptyPage as error:
            raise NotFound(f"There is no page {number}.") from error
        return messages.GetBehaviorHistoryResponse(
            history=[_entry(interaction) for interaction in page], total=pages.count, page=number, page_size=size
        )


def _user_of(user_id: str) -> str:
    if not user_id:
        raise InvalidInput("user_id", "Send the shop's own id of the user.")
    return user_in_path(user_id)


def _patch(request: messages.UpdateUserPreferencesRequest) -> dict[str, Any]:
    """Return the JSON merge patch that REST would have been sent."""
    patch: dict[str, Any] = {
        name: list(getattr(request, name).slugs)
        for name in ("favorite_categories", "hidden_categories")
        if request.HasField(name)
    }
    weights = dict.fromkeys(request.removed_category_weights) | dict(request.category_weights)
    return patch | ({"category_weights": weights} if weights else {})


def _kind(number: int) -> Kind:
    try:
        return Kind(kind_name(number))
    except ValueError as error:
        raise InvalidInput("kinds", f"There is no kind {number}.") from error


def _checked(field: str, number: int | None, default: int, *, at_most: int | None = None) -> int:
    if number is None:
        return default
    if number < 1 or (at_most and number > at_most):
        raise InvalidInput(field, f"It must be a whole number from 1{f' to {at_most}' if at_most else ''}.")
    return number


def _entry(interaction: Interaction) -> messages.HistoryEntry:
    values: dict[str, Any] = {name: getattr(interaction, name) for name in FIELDS}
    return messages.HistoryEntry(
        **values
        | {
            "event_id": str(interaction.event_id),
            "kind": kind_number(interaction.kind),
            "occurred_at": timestamp(interaction.occurred_at),
            "received_at": timestamp(interaction.received_at),
        }
    )
