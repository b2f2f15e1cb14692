"""One middleware for what every request needs: an id, a limit to its body, a measurement. Outermost, and cheap."""

import random
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from structlog.contextvars import bind_contextvars, clear_contextvars

from sdr.metrics import HTTP_REQUEST_SECONDS

if TYPE_CHECKING:
    from prometheus_client import Histogram

REQUEST_ID = "X-Request-ID"
LIMITS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
# Callers may bring an id of their own; it goes into our logs, so it may not look like more than one.
_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
_TOO_LARGE = {"error": {"code": "too_large", "message": "The request's body is too large."}}


# A look-up here is three times as quick as Histogram.labels.
_histograms: "dict[tuple[str, str, int], Histogram]" = {}


class RequestMiddleware:
    """Gives a request its id, refuses a body that is too large before any of it is read, and measures the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started_at = time.perf_counter()
        request_id = request_id_of(request)
        # Here and not at the end: Django logs what became of a request after its last middleware.
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        too_large = body_is_too_large(request)
        response = JsonResponse(_TOO_LARGE, status=413) if too_large else self._get_response(request)
        response.headers[REQUEST_ID] = request_id
        for name, value in limits_of(request):
            response.headers[name] = value
        match = request.resolver_match
        route = match.route if match else ""
        measure(request.method or "", route, response.status_code, time.perf_counter() - started_at)
        return response


def measure(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answer and the time it took; ``route``: the pattern that led to it, empty for none."""
    key = (method, route, status)
    histogram = _histograms.get(key)
    if histogram is None:
        # Callers can think of any number of methods, and of paths, but not of routes and statuses.
        told = method if method in METHODS else "other"
        histogram = HTTP_REQUEST_SECONDS.labels(told, route or "none", str(status))
        if told == method:
            _histograms[key] = histogram
    histogram.observe(seconds)


def request_id_of(request: HttpRequest) -> str:
    """Return the caller's id, or a new one: a name and no secret, so it need not cost a call of the system."""
    given = request.META.get("HTTP_X_REQUEST_ID")
    return given if given and is_request_id(given) else f"{random.getrandbits(128):032x}"


def is_request_id(given: str) -> bool:
    """Return whether a caller's own id may stand in our logs."""
    return _ID.fullmatch(given) is not None


def body_is_too_large(request: HttpRequest) -> bool:
    """Return whether the body is larger than the API's or, elsewhere (files for the admin), an upload's limit."""
    length = request.META.get("CONTENT_LENGTH")
    if not length or not length.isdecimal():
        return False
    most = settings.MAX_BODY_BYTES if request.path_info.startswith("/api/") else settings.MAX_UPLOAD_BYTES
    return int(length) > most


def limits_of(request: Any) -> list[tuple[str, str]]:
    """Return the headers that tell the caller what is left of their limit, where there is one."""
    allowance = getattr(request, "allowance", None)
    if allowance is None:
        return []
    return list(zip(LIMITS, map(str, (allowance.limit, allowance.remaining, allowance.reset_seconds)), strict=True))
