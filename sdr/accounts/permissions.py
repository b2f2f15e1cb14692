"""Scopes, checked per view."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:  # DRF's views import this module while they load
    from rest_framework.views import APIView


class HasScope(BasePermission):
    """Let a caller through whose key has the view's ``required_scope`` (None: any caller)."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        scope = getattr(view, "required_scope", None)
        self.message = f"This needs a key with the scope {scope}."
        return scope is None or scope in getattr(request.user, "scopes", ())
