"""One shape for every error of the REST door: ``{"error": {"code", "message", "fields"}}``."""

import logging
from collections.abc import Callable
from typing import Any

from django.core import exceptions as django_exceptions
from django.db import InterfaceError, OperationalError
from rest_framework import exceptions as drf
from rest_framework import status
from rest_framework.exceptions import ErrorDetail
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from sdr import exceptions as sdr
from sdr.accounts.callers import Unauthenticated
from sdr.idempotency.attempt import AnsweredBefore
from sdr.ratelimits.limiter import RateLimited
from sdr.refusals import TooMany, TryLater

logger = logging.getLogger(__name__)

Fields = dict[str, list[str]]
WHOLE_BODY = "body"
CODES = {
    status.HTTP_401_UNAUTHORIZED: "unauthenticated",
    status.HTTP_403_FORBIDDEN: "permission_denied",
    status.HTTP_404_NOT_FOUND: "not_found",
}


class TooLarge(drf.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = "The request's body is too large."


class AlreadyThere(drf.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"

    def __init__(self, error: sdr.Conflict) -> None:
        super().__init__(str(error))
        self.fields = {error.field: [error.message]}


class ChangedMeanwhile(drf.APIException):
    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "precondition_failed"


def error_body(code: str, message: str, fields: Fields | None = None) -> dict[str, Any]:
    """Return the one shape; ``fields`` only where the caller sent something that is not acceptable."""
    error: dict[str, Any] = {"code": code, "message": tellable(message)}
    told = {tellable(name): [tellable(text) for text in texts] for name, texts in (fields or {}).items()}
    return {"error": error | {"fields": told} if told else error}


def tellable(text: str) -> str:
    """Return what a caller sent as it can be sent back: JSON can smuggle in half a character."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def exception_handler(exception: Exception, context: dict[str, Any]) -> Response | None:
    """Answer for ``exception``; None for what nobody foresaw, which Django then logs and answers with 500."""
    if isinstance(exception, AnsweredBefore):
        stored: Any = exception.response()  # as it was, and not to be rendered again
        return stored
    exception = _as_drf(exception)
    # DRF's own sets the headers (WWW-Authenticate, Retry-After) and rolls back an atomic request.
    response = drf_exception_handler(exception, context)
    if response is None:
        return None
    if isinstance(exception, drf.ValidationError):
        fields = flat_fields(exception.detail)
        response.data = error_body("invalid", _first_message(fields), fields)
    elif isinstance(response.data, dict):
        code = CODES.get(response.status_code) or _code(exception)
        in_the_way = getattr(exception, "fields", None)
        response.data = error_body(code, str(response.data.get("detail", "")), in_the_way)
    return response


def flat_fields(detail: Any, prefix: str = "") -> Fields:
    """Return DRF's nested errors as "events.3.kind" → messages."""
    if isinstance(detail, dict):
        items = [(str(key), value) for key, value in detail.items()]
    elif isinstance(detail, list) and not all(isinstance(item, str) for item in detail):
        items = [(str(position), value) for position, value in enumerate(detail) if value]
    else:
        return {prefix or WHOLE_BODY: [str(item) for item in (detail if isinstance(detail, list) else [detail])]}
    return {
        name: messages for key, value in items for name, messages in flat_fields(value, _joined(prefix, key)).items()
    }


def _joined(prefix: str, key: str) -> str:
    return ".".join(part for part in (prefix, "" if key == "non_field_errors" else key) if part)


def _first_message(fields: Fields) -> str:
    field, messages = next(iter(fields.items()), (WHOLE_BODY, ["is not acceptable"]))
    return f"{field}: {messages[0]}"


def _code(exception: Exception) -> str:
    detail = getattr(exception, "detail", None)
    return str(detail.code) if isinstance(detail, ErrorDetail) else "error"


def _as_drf(exception: Exception) -> Exception:
    """Return DRF's word for what the rest of the project raised; the first rule that fits decides."""
    return next((translate(exception) for kinds, translate in _RULES if isinstance(exception, kinds)), exception)


def _invalid_input(error: Any) -> drf.APIException:
    return drf.ValidationError({error.field: [error.message]})


def _invalid_model(error: Any) -> drf.APIException:
    return drf.ValidationError(error.message_dict if hasattr(error, "error_dict") else error.messages)


def _without_database(error: Any) -> drf.APIException:
    logger.warning("Postgres did not answer: %s", error)
    return TryLater(sdr.Unavailable("The database did not answer."))


_RULES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[Any], Exception]], ...] = (
    (sdr.InvalidInput, _invalid_input),
    (sdr.NotFound, lambda error: drf.NotFound(str(error))),
    (Unauthenticated, lambda error: drf.AuthenticationFailed(str(error))),
    (RateLimited, TooMany),
    (sdr.Conflict, AlreadyThere),
    (sdr.PreconditionFailed, lambda error: ChangedMeanwhile(str(error))),
    (sdr.Unavailable, TryLater),
    ((OperationalError, InterfaceError), _without_database),
    (django_exceptions.ValidationError, _invalid_model),
    (django_exceptions.RequestDataTooBig, lambda _error: TooLarge()),
    # A form of too many fields and its like, of which Django would make a page.
    (django_exceptions.SuspiciousOperation, lambda error: drf.ParseError(str(error))),
)
