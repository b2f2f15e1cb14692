"""From an exception to what the caller is told: a standard status, and nothing of our insides."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import grpc
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework.exceptions import APIException

from sdr.accounts.callers import Unauthenticated
from sdr.exceptions import Conflict, InvalidInput, NotFound, SdrError, Unavailable
from sdr.ratelimits.limiter import RateLimited

_CODE_OF_HTTP_STATUS = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
}


# The first that fits decides. A text stands in for messages that would speak of our insides.
_RULES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], grpc.StatusCode, str | None], ...] = (
    (InvalidInput, grpc.StatusCode.INVALID_ARGUMENT, None),
    (NotFound, grpc.StatusCode.NOT_FOUND, None),
    (Unauthenticated, grpc.StatusCode.UNAUTHENTICATED, None),
    (RateLimited, grpc.StatusCode.RESOURCE_EXHAUSTED, None),
    (Conflict, grpc.StatusCode.ALREADY_EXISTS, None),
    (Unavailable, grpc.StatusCode.UNAVAILABLE, None),
    (SdrError, grpc.StatusCode.FAILED_PRECONDITION, None),
    (PermissionDenied, grpc.StatusCode.PERMISSION_DENIED, None),
    ((ObjectDoesNotExist, Http404), grpc.StatusCode.NOT_FOUND, "There is no such thing."),
    ((OperationalError, InterfaceError), grpc.StatusCode.UNAVAILABLE, "The database did not answer."),
    (NotImplementedError, grpc.StatusCode.UNIMPLEMENTED, "This method is not served yet."),
)


@dataclass(frozen=True, slots=True)
class Status:
    """What a failed call answers: ``details`` are for people."""

    code: grpc.StatusCode
    details: str


def status_of(error: Exception) -> Status:
    """Return the status for ``error``; INTERNAL for what nobody foresaw."""
    if isinstance(error, APIException):
        code = _CODE_OF_HTTP_STATUS.get(error.status_code, grpc.StatusCode.UNKNOWN)
        return Status(code, "; ".join(_lines(error.detail)))
    if isinstance(error, ValidationError):
        detail = error.message_dict if hasattr(error, "error_dict") else error.messages
        return Status(grpc.StatusCode.INVALID_ARGUMENT, "; ".join(_lines(detail)))
    for kind, code, text in _RULES:
        if isinstance(error, kind):
            return Status(code, text or str(error))
    return Status(grpc.StatusCode.INTERNAL, "Something went wrong on our side.")


def _lines(detail: Any, field: str = "") -> Iterator[str]:
    """Flatten a validation error's detail: ``{"limit": ["Too large."]}`` gives ``limit: Too large.``."""
    if isinstance(detail, dict):
        for name, below in detail.items():
            yield from _lines(below, f"{field}.{name}" if field else str(name))
    elif isinstance(detail, list | tuple):
        for below in detail:
            yield from _lines(below, field)
    else:
        yield f"{field}: {detail}" if field else str(detail)
