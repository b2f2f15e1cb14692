"""A transaction around each write with an ``Idempotency-Key``, with its answer in it."""

from collections.abc import Callable
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from sdr.idempotency.attempt import Attempt, digest_of

MAX_LENGTH = 200
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class IdempotencyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        key = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None or request.method not in WRITES or not request.path_info.startswith("/api/"):
            return None
        if not 0 < len(key) <= MAX_LENGTH or not key.isascii() or not key.isprintable():
            return _refuse(400, "invalid", f"Idempotency-Key: it must be 1 to {MAX_LENGTH} ASCII characters.")
        if not getattr(getattr(view, "cls", None), "stores_answers", True):
            return None
        attempt = Attempt(key, digest_of(request), kwargs.get("external_id"))
        vars(request)["attempt"] = attempt  # begun by FirstAttempt, which knows who calls
        try:
            return _within_transaction(attempt, lambda: view(request, *args, **kwargs))
        except (OperationalError, InterfaceError):
            answer = _refuse(503, "unavailable", "The database did not answer.")
            answer["Retry-After"] = "1"
            return answer


def _within_transaction(attempt: Attempt, answer: Callable[[], Any]) -> HttpResponseBase:
    with transaction.atomic():
        response = answer()
        if hasattr(response, "render"):
            response.render()
        if attempt.tenant_id is not None and 200 <= response.status_code < 300 and not response.streaming:  # noqa: PLR2004
            attempt.finish(attempt.tenant_id, response)
        else:
            transaction.set_rollback(True)
    return response


def _refuse(status: int, code: str, message: str) -> JsonResponse:
    fields = {"fields": {"Idempotency-Key": [message]}} if code == "invalid" else {}
    return JsonResponse({"error": {"code": code, "message": message, **fields}}, status=status)
