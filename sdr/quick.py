"""A short cut for reads that are asked thousands of times a second.

Django REST framework spends more on one request than the answer takes: on its own request object, on the choice of a
renderer, on lists of classes that are made anew each time. A view that is :class:`QuickReads` answers a plain GET for
JSON without all that, from the same method ``get``, through the same entrance and with the same errors. Everything
else (pages for browsers, staff with a session, other methods) takes the usual way.
"""

from functools import wraps
from typing import TYPE_CHECKING, Any, cast

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import PermissionDenied
from rest_framework.utils.encoders import JSONEncoder
from rest_framework.views import APIView

from sdr.accounts.authentication import admit
from sdr.accounts.callers import Access
from sdr.accounts.permissions import HasScope
from sdr.errors import exception_handler

if TYPE_CHECKING:
    from rest_framework.request import Request

JSON = "application/json"
_ACCEPTED = frozenset({None, "", "*/*", JSON})
_encoder = JSONEncoder()


class QuickRequest:
    """As much of DRF's request as a read needs."""

    __slots__ = ("_request", "user")
    method = "GET"

    def __init__(self, http: HttpRequest, user: Access) -> None:
        self._request = http
        self.user = user

    @property
    def query_params(self) -> Any:
        return self._request.GET

    @property
    def headers(self) -> Any:
        return self._request.headers


class QuickReads(APIView):
    """An APIView with the short cut. For views that keep the settings' authentication and permissions."""

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        usual = super().as_view(**initkwargs)

        @wraps(usual)
        def view(http: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if is_plain(http):
                return answer(cls(**initkwargs), http, kwargs)
            return usual(http, *args, **kwargs)

        return view


def is_plain(http: HttpRequest) -> bool:
    """Return whether a GET is for JSON, by somebody who has no session or does not use it."""
    meta = http.META
    return (
        meta["REQUEST_METHOD"] == "GET"
        and meta.get("HTTP_ACCEPT") in _ACCEPTED
        and "format=" not in meta.get("QUERY_STRING", "")
        and ("HTTP_AUTHORIZATION" in meta or settings.SESSION_COOKIE_NAME not in http.COOKIES)
    )


def answer(view: Any, http: HttpRequest, arguments: dict[str, Any]) -> HttpResponse:
    """Return what ``view.get`` answers, or the error in its one shape; raises what nobody foresaw."""
    try:
        request = cast("Request", QuickRequest(http, admit(http)))
        _check_scope(request, view)
        return _response(view.get(request, **arguments))
    except Exception as error:
        refusal = exception_handler(error, {"view": view, "args": (), "kwargs": arguments})
        if refusal is None:
            raise
        if refusal.status_code == 401:  # noqa: PLR2004
            refusal.headers["WWW-Authenticate"] = "Bearer"
        return _response(refusal)


def _check_scope(request: Any, view: Any) -> None:
    permission = HasScope()
    if not permission.has_permission(request, view):
        raise PermissionDenied(permission.message)


def _response(made: Any) -> HttpResponse:
    """Return DRF's response with its content in it, which saves what its renderers would do."""
    made.content = orjson.dumps(made.data, default=_encoder.default)
    headers = made.headers
    headers["Content-Type"] = JSON
    headers["Vary"] = "Accept"
    headers["Allow"] = "GET, HEAD, OPTIONS"
    return cast("HttpResponse", made)
