"""A short cut for reads that are asked thousands of times a second.

Django REST framework spends more on one request than the answer takes: on its own request object, on the choice of a
renderer, on lists of classes that are made anew each time. So do middlewares for sessions, forms and messages, which
no such read has. A view that is :class:`QuickReads` says in its method ``read`` what is to be told. :class:`QuickLane`
answers a plain GET for JSON from that, through the same entrance, with the same errors and the same headers. Everything
else (pages for browsers, staff with a session, pages of other origins, other methods) takes the usual way.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

import orjson
from django.conf import settings
from django.core.handlers.exception import response_for_exception
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware
from django.urls import Resolver404, ResolverMatch, resolve
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder
from rest_framework.views import APIView

from sdr.accounts.authentication import admit
from sdr.accounts.callers import Access
from sdr.accounts.permissions import HasScope
from sdr.errors import exception_handler
from sdr.http.origins import CorsMiddleware
from sdr.http.pages import PagePolicyMiddleware

if TYPE_CHECKING:
    from django.http.response import ResponseHeaders

Answer = Callable[[HttpRequest], HttpResponseBase]

JSON = "application/json"
_ACCEPTED = frozenset({None, "", "*/*", JSON})
_encoder = JSONEncoder()
# What DRF says of each answer of such a view.
_OF_THE_VIEW = {"Content-Type": JSON, "Vary": "Accept", "Allow": "GET, HEAD, OPTIONS"}
# Those of the usual way that add headers to whatever is answered, outermost first.
_COVERS = (SecurityMiddleware, PagePolicyMiddleware, CorsMiddleware, XFrameOptionsMiddleware)


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


class QuickReads(APIView):
    """An APIView with the short cut. For views that keep the settings' authentication and permissions."""

    def read(self, request: Request, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return what is told, with ready-made pieces (``orjson.Fragment``) where there are any."""
        raise NotImplementedError

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self.read(request, *args, **kwargs))


class QuickLane:
    """The way past the middlewares below, for who needs none of them."""

    def __init__(self, usual_way: Answer) -> None:
        self._usual_way = usual_way
        self._headers: dict[bool, ResponseHeaders] = {}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_plain(request) or (match := _quick(request.path_info)) is None:
            return self._usual_way(request)
        is_secure = request.is_secure()
        if settings.SECURE_SSL_REDIRECT and not is_secure:
            return self._usual_way(request)
        request.resolver_match = match  # for what measures requests
        try:
            request.get_host()  # refuses hosts that are not ours
            response = answer(match.func.cls(), request, match.kwargs)  # type: ignore[attr-defined]
        except Exception as error:  # noqa: BLE001  told in Django's words, which log it
            return _told(request, error)
        learnt = self._headers.get(is_secure) or self._learnt(request)
        # The way through __setitem__ would look at each letter of them again.
        response.headers._store |= learnt._store | response.headers._store  # noqa: SLF001
        return response

    def _learnt(self, request: HttpRequest) -> "ResponseHeaders":
        """Return the headers that the usual way gives every answer of this kind; they hang on nothing but TLS."""
        blank = HttpResponse(headers=_OF_THE_VIEW)
        found = self._headers[request.is_secure()] = _covered(lambda _: blank)(request).headers
        return found


def _quick(path: str) -> ResolverMatch | None:
    """Return where ``path`` leads, if that is to a view with a short cut."""
    try:
        match = resolve(path)
    except Resolver404:
        return None
    return match if issubclass(getattr(match.func, "cls", type), QuickReads) else None


def _covered(answer: Answer) -> Answer:
    covers: Iterable[Any] = reversed(_COVERS)
    for cover in covers:
        answer = cover(answer)
    return answer


def _told(request: HttpRequest, error: Exception) -> HttpResponseBase:
    response = _covered(lambda _: response_for_exception(request, error))(request)
    response.headers["Content-Length"] = str(len(cast("HttpResponse", response).content))
    return response


def is_plain(http: HttpRequest) -> bool:
    """Return whether a GET is for JSON, by somebody who uses no session, and for no page of another origin."""
    meta = http.META
    return (
        meta["REQUEST_METHOD"] == "GET"
        and meta.get("HTTP_ACCEPT") in _ACCEPTED
        and "HTTP_ORIGIN" not in meta
        and "format=" not in meta.get("QUERY_STRING", "")
        and ("HTTP_AUTHORIZATION" in meta or settings.SESSION_COOKIE_NAME not in http.COOKIES)
    )


def answer(view: QuickReads, http: HttpRequest, arguments: dict[str, Any]) -> HttpResponse:
    """Return what ``view`` reads, or the error in its one shape; raises what nobody foresaw."""
    try:
        request = cast("Request", QuickRequest(http, admit(http)))
        _check_scope(request, view)
        return _response(view.read(request, **arguments))
    except Exception as error:
        refusal = exception_handler(error, {"view": view, "args": (), "kwargs": arguments})
        if refusal is None:
            raise
        if refusal.status_code == 401:  # noqa: PLR2004
            refusal.headers["WWW-Authenticate"] = "Bearer"
        return _refused(refusal)


def _check_scope(request: Any, view: APIView) -> None:
    permission = HasScope()
    if not permission.has_permission(request, view):
        raise PermissionDenied(permission.message)


def _response(told: Any, status: int = 200) -> HttpResponse:
    body = orjson.dumps(told, default=_encoder.default)
    response = HttpResponse(body, JSON, status)
    response.headers["Content-Length"] = str(len(body))
    return response


def _refused(refusal: Response) -> HttpResponse:
    response = _response(refusal.data, refusal.status_code)
    for name, value in refusal.headers.items():
        response.headers.setdefault(name, value)
    return response
