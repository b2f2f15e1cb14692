"""Where DRF knows the caller and what they may do, and the view has not run yet."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from sdr.accounts.callers import Access

if TYPE_CHECKING:  # DRF's views import this module while they load
    from rest_framework.views import APIView


class FirstAttempt(BasePermission):
    """Let a write pass that was not answered before; see :meth:`sdr.idempotency.attempt.Attempt.begin`."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        attempt = getattr(request._request, "attempt", None)  # noqa: SLF001  what the middleware saw
        # The browsable API asks again, for the forms of its page.
        if attempt is not None and attempt.tenant_id is None and isinstance(request.user, Access):
            attempt.begin(request.user.tenant_id)
        return True
