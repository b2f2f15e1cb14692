"""REST's door-keepers: thin covers over :mod:`sdr.accounts.entrance`, and over Django's sessions for staff."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.throttling import BaseThrottle

from sdr import addresses
from sdr.accounts import entrance, staff
from sdr.accounts.callers import Access, Unauthenticated
from sdr.accounts.entrance import Call
from sdr.exceptions import SdrError, Unavailable
from sdr.ratelimits.limiter import Allowance, RateLimited
from sdr.refusals import TooMany, TryLater

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request
    from rest_framework.views import APIView


# In the WSGI environment, where no header can put anything: what the entrance said.
ADMITTED = "sdr.admitted"


class ApiKeyAuthentication(BaseAuthentication):
    """Give the request an :class:`~sdr.accounts.callers.Access` as its user: the key's, or this machine's."""

    def authenticate(self, request: "Request") -> tuple[Access, None] | None:
        http: Any = request._request  # noqa: SLF001  what middleware sees, and far quicker than DRF's detours
        if "HTTP_AUTHORIZATION" not in http.META and signed_in_staff(http):
            return None
        return admit(http), None

    def authenticate_header(self, request: "Request") -> str:
        return "Bearer"


class StaffAuthentication(SessionAuthentication):
    """Staff who signed in, on the pages of the browsable API: what Django's permissions give them, with CSRF tokens."""

    def authenticate(self, request: "Request") -> tuple[Access, None] | None:
        http: Any = request._request  # noqa: SLF001  see above
        user = signed_in_staff(http)
        if user is None:
            return None
        self.enforce_csrf(request)
        with refusals_of(http):
            http.allowance = entrance.take_for_address(call_of(http).address)
            return staff.access_of(user), None


class AddressThrottle(BaseThrottle):
    """For doors that are open to everybody: counts by address, as for everybody without a key."""

    def allow_request(self, request: "Request", view: "APIView") -> bool:
        http: Any = request._request  # noqa: SLF001  see above
        with refusals_of(http):
            http.allowance = entrance.take_for_address(call_of(http).address)
        return True


def access_of(request: "Request") -> Access:
    """Return who calls, as the authentication found out."""
    return cast("Access", request.user)


def admit(http: Any) -> Access:
    """Return who sends Django's request ``http``, by key or from this machine; raises in DRF's words."""
    with refusals_of(http):
        found = http.META.get(ADMITTED) or _entrance(http)
        if isinstance(found, Exception):
            raise found
        # Kept for the headers that the answer carries.
        caller, http.allowance = found
    return caller


def admit_once(http: Any) -> Access:
    """Return who sends ``http``, for who may have to hand it on: there it counts no second time; raises SdrError."""
    found = http.META[ADMITTED] = _entrance(http)
    if isinstance(found, Exception):
        raise found
    caller, http.allowance = found
    return caller


def _entrance(http: Any) -> tuple[Access, Allowance | None] | SdrError:
    try:
        return entrance.admit(call_of(http))
    except SdrError as refusal:
        return refusal


@contextmanager
def refusals_of(http: Any) -> Iterator[None]:
    """Raise what goes wrong in here in DRF's words, the only ones that it takes from an authentication."""
    try:
        yield
    except Unauthenticated as error:
        raise exceptions.AuthenticationFailed(str(error), code=error.code) from error
    except RateLimited as error:
        http.allowance = error.allowance
        raise TooMany(error) from error
    except Unavailable as error:
        raise TryLater(error) from error


def call_of(http: "HttpRequest") -> Call:
    meta = http.META
    peer, forwarded_for = meta.get("REMOTE_ADDR"), meta.get("HTTP_X_FORWARDED_FOR")
    return Call(
        authorization=meta.get("HTTP_AUTHORIZATION"),
        address=addresses.client_address(peer, forwarded_for),
        origin=meta.get("HTTP_ORIGIN"),
        is_forwarded=forwarded_for is not None and not addresses.is_trusted(peer),
    )


def signed_in_staff(http: "HttpRequest") -> Any:
    """Return the member of staff whose session this is, None of anybody else. Without a cookie, nobody is asked."""
    if settings.SESSION_COOKIE_NAME not in http.COOKIES:
        return None
    user = getattr(http, "user", None)
    return user if user is not None and user.is_active and user.is_staff else None
