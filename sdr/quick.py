"""A short cut for reads that are asked thousands of times a second.

Django and its REST framework spend more on one request than the answer takes: on signals, middlewares for sessions,
forms and messages, request and response objects, the choice of a renderer. A view that is :class:`QuickReads` says in
its method ``read`` what is to be told, and :class:`QuickLane` tells that to whoever sends a plain GET for JSON: through
the same entrance, and with the headers that the usual way gave when it was last asked.

The lane answers 200 and nothing else. Everything that is not plain (pages for browsers, staff with a session, pages of
other origins, other methods) and everything that goes wrong takes the usual way, which tells what.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any, cast

import orjson
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from structlog.contextvars import bind_contextvars

from sdr.accounts.authentication import admit_once
from sdr.accounts.permissions import HasScope
from sdr.http import middleware
from sdr.http.plain import Environ, PlainRequest, is_plain
from sdr.http.ways import Match, match_of

Headers = list[tuple[str, str]]
Place = tuple[type, str | None]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_OF_ONE_ANSWER = {name.lower() for name in (middleware.REQUEST_ID, *middleware.LIMITS, "Content-Length")}


class QuickReads(APIView):
    """An APIView with the short cut. For views that keep the settings' authentication and permissions."""

    def read(self, request: Request, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return what is told, with ready-made pieces (``orjson.Fragment``) where there are any."""
        raise NotImplementedError

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self.read(request, *args, **kwargs))


class QuickLane:
    """A WSGI application beside Django's, which is the usual way."""

    def __init__(self, usual_way: Application) -> None:
        self._usual_way = usual_way
        # By view and scheme. They hang on nothing else, as long as a request is plain.
        self._headers: dict[Place, Headers] = {}

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not is_plain(environ):
            return self._usual_way(environ, start_response)
        started_at = time.perf_counter()
        http = PlainRequest(environ)
        match = match_of(http.path_info, QuickReads)
        if match is None:
            return self._usual_way(environ, start_response)
        place = (match.view, http.scheme)
        headers = self._headers.get(place)
        if headers is None:
            return self._usual_way(environ, self._learning(place, start_response))
        request_id = middleware.request_id_of(http)
        bind_contextvars(request_id=request_id)
        body = _read(http, match)
        if body is None:
            return self._usual_way(environ, start_response)
        own = [("Content-Length", str(len(body))), (middleware.REQUEST_ID, request_id), *middleware.limits_of(http)]
        start_response("200 OK", headers + own)
        middleware.measure("GET", match.route, 200, time.perf_counter() - started_at)
        return [body]

    def _learning(self, place: Place, start_response: Callable[..., Any]) -> Callable[..., Any]:
        def start(status: str, headers: Headers, *rest: Any) -> Any:
            kept = [(name, value) for name, value in headers if name.lower() not in _OF_ONE_ANSWER]
            if status == "200 OK" and all(name.lower() != "set-cookie" for name, _ in kept):
                self._headers[place] = kept
            return start_response(status, headers, *rest)

        return start


def _read(http: PlainRequest, match: Match) -> bytes | None:
    """Return what is told, None where that is for the usual way to say: it asks again, and finds the same."""
    try:
        http.get_host()  # refuses hosts that are not ours
        http.user = admit_once(http)
        request, view = cast("Request", http), match.view()
        if not HasScope().has_permission(request, view):
            return None
        return orjson.dumps(view.read(request, **match.arguments))
    except Exception:  # noqa: BLE001  nothing is lost: the usual way meets it, too
        return None
