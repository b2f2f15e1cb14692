import json

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.core.exceptions import ValidationError as ModelError
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.test import RequestFactory
from rest_framework import exceptions as drf

from sdr import api
from sdr.accounts.access import Unauthenticated
from sdr.errors import exception_handler, flat_fields
from sdr.exceptions import Conflict, IndexNotReady, InvalidInput, NotFound, PreconditionFailed, Unavailable


@pytest.mark.parametrize(
    ("exception", "status", "code"),
    [
        (InvalidInput("limit", "is too large"), 400, "invalid"),
        (NotFound("No such product."), 404, "not_found"),
        (Unauthenticated("Who are you?"), 401, "unauthenticated"),
        (Conflict("sku", "is taken"), 409, "conflict"),
        (PreconditionFailed("It has changed."), 412, "precondition_failed"),
        (Unavailable("Kafka is down."), 503, "unavailable"),
        (IndexNotReady("No index yet."), 503, "index_not_ready"),
        (OperationalError("connection refused"), 503, "unavailable"),
        (InterfaceError("connection already closed"), 503, "unavailable"),
        (Http404(), 404, "not_found"),
        (PermissionDenied(), 403, "permission_denied"),
        (ModelError("is wrong"), 400, "invalid"),
        (ModelError({"name": ["is wrong"]}), 400, "invalid"),
        (RequestDataTooBig(), 413, "too_large"),
        (TooManyFieldsSent("too many"), 400, "parse_error"),
        (drf.ValidationError({"limit": ["is too large"]}), 400, "invalid"),
        (drf.ParseError(), 400, "parse_error"),
        (drf.NotAuthenticated(), 401, "unauthenticated"),
        (drf.PermissionDenied(), 403, "permission_denied"),
        (drf.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (drf.NotAcceptable(), 406, "not_acceptable"),
        (drf.UnsupportedMediaType("text/x"), 415, "unsupported_media_type"),
        (drf.Throttled(wait=3), 429, "throttled"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_whatever_goes_wrong_is_told_in_one_shape(exception, status, code):
    response = exception_handler(exception, {})
    error = response.data["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert set(error) == ({"code", "message", "fields"} if code in {"invalid", "conflict"} else {"code", "message"})
    assert isinstance(error["message"], str)
    assert error["message"]


def test_bad_input_names_its_field():
    error = exception_handler(InvalidInput("limit", "is too large"), {}).data["error"]
    assert error == {"code": "invalid", "message": "limit: is too large", "fields": {"limit": ["is too large"]}}


@pytest.mark.parametrize(
    ("exception", "seconds"),
    [(Unavailable("later", retry_after_seconds=7), "7"), (OperationalError(), "1"), (drf.Throttled(wait=3), "3")],
)
def test_who_may_try_again_is_told_when(exception, seconds):
    assert exception_handler(exception, {})["Retry-After"] == seconds


def test_what_nobody_foresaw_is_left_to_django():
    assert exception_handler(ZeroDivisionError(), {}) is None


def test_nested_errors_are_named_by_their_path():
    detail = {
        "events": [{}, {"kind": ["is unknown"], "non_field_errors": ["needs a product"]}],
        "non_field_errors": ["x"],
    }
    assert flat_fields(detail) == {
        "events.1.kind": ["is unknown"],
        "events.1": ["needs a product"],
        "body": ["x"],
    }


@pytest.mark.parametrize("path", ["/api/nowhere", "/admin/nowhere"])
def test_only_the_api_answers_in_json_when_there_is_nothing(path):
    response = api.not_found(RequestFactory().get(path), Http404())
    assert response.status_code == 404
    if path.startswith("/api/"):
        assert json.loads(response.content)["error"]["code"] == "not_found"
    else:
        assert response["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(("path", "kind"), [("/api/x", "application/json"), ("/admin/x", "text/html; charset=utf-8")])
def test_what_is_refused_before_any_view_keeps_the_shape(path, kind):
    response = api.bad_request(RequestFactory().get(path), SuspiciousOperation())
    assert response.status_code == 400
    assert response["Content-Type"].split(";")[0] == kind.split(";")[0]


@pytest.mark.parametrize(("path", "kind"), [("/api/x", "application/json"), ("/admin/x", "text/html; charset=utf-8")])
def test_a_fault_of_ours_keeps_the_shape_and_tells_nothing(path, kind):
    response = api.server_error(RequestFactory().get(path))
    assert (response.status_code, response["Content-Type"]) == (500, kind)
