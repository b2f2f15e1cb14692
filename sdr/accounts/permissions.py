"""Scopes, checked per view."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from sdr.accounts.staff import permissions_of

if TYPE_CHECKING:  # DRF's views import this module while they load
    from rest_framework.views import APIView


READS = ("GET", "HEAD", "OPTIONS")
CLOSED = "of nobody"


class HasScope(BasePermission):
    """Let a caller through who has the scope of the view, or of its method (None: any caller).

    ``required_scope`` is a scope, or one per method: ``{"GET": …, "PATCH": …}``; a method without one is closed.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        scope = required_scope(view, request.method or "")
        if scope is None or scope in getattr(request.user, "scopes", ()):
            return True
        permissions = " and ".join(permissions_of(scope))
        self.message = f"This needs a key with the scope {scope}, or staff with {permissions}."
        return False


def required_scope(view: "APIView", method: str) -> str | None:
    """Return the scope that ``method`` of the view needs, None for none."""
    scope: Any = getattr(view, "required_scope", None)
    if isinstance(scope, Mapping):
        return scope.get("GET" if method in READS else method, CLOSED)
    return scope
