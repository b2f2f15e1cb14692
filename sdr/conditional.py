"""ETags: answers that need not be sent again, and writes that hold only for what the caller has seen."""

from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

from django.utils.cache import get_conditional_response
from django.utils.http import http_date, parse_etags, quote_etag
from rest_framework.request import Request
from rest_framework.response import Response

from sdr.exceptions import PreconditionFailed

# Takes the revision of what is stored, None where there is nothing, and raises PreconditionFailed if it is not the one.
Precondition = Callable[[int | None], None]


def no_condition(_revision: int | None) -> None:
    """Accept whatever is stored."""


def etag_of(revision: int) -> str:
    return quote_etag(str(revision))


def precondition_of(request: Request) -> Precondition:
    """Return what ``If-Match`` and ``If-None-Match`` demand of a write."""
    wanted = parse_etags(request.headers.get("If-Match", ""))
    unwanted = parse_etags(request.headers.get("If-None-Match", ""))

    def check(revision: int | None) -> None:
        if wanted and not _is_among(wanted, revision):
            raise PreconditionFailed(f"If-Match fails: {_now(revision)}")
        if unwanted and _is_among(unwanted, revision):
            raise PreconditionFailed(f"If-None-Match fails: {_now(revision)}")

    return check


def _is_among(etags: list[str], revision: int | None) -> bool:
    # A proxy that compresses makes an ETag weak (W/"7"); a revision is the same revision for all that.
    return revision is not None and ("*" in etags or etag_of(revision) in {etag.removeprefix("W/") for etag in etags})


def _now(revision: int | None) -> str:
    return "there is no such thing." if revision is None else f"the ETag is {etag_of(revision)} now."


def answer_if_changed(
    request: Request, response: Response, *, etag: str | None = None, modified_at: datetime | None = None
) -> Response:
    """Return ``response`` with its validators, or 304 if that is what the caller holds already.

    Without an ``etag`` the body's hash is taken. Pages for people carry a form and a name besides: they get none.
    """
    if request.accepted_renderer.format != "json":
        return response
    response["ETag"] = etag or etag_of_body(request, response)
    # For caches: keep it, but ask each time; and never give one caller's to another.
    response["Cache-Control"] = "private, no-cache"
    if modified_at:
        response["Last-Modified"] = http_date(modified_at.timestamp())
    seconds = int(modified_at.timestamp()) if modified_at else None
    answer: Any = get_conditional_response(request, response["ETag"], seconds, response)
    if answer.status_code == HTTPStatus.PRECONDITION_FAILED:
        raise PreconditionFailed("It has changed since.")
    return answer


def etag_of_body(request: Request, response: Response) -> str:
    body: Any = request.accepted_renderer.render(response.data)
    return quote_etag(blake2b(body, digest_size=12).hexdigest())
