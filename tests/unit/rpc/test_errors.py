import grpc
import pytest
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db import OperationalError
from google.rpc import error_details_pb2, status_pb2
from rest_framework import serializers
from rest_framework.exceptions import Throttled

from sdr.accounts.access import Unauthenticated
from sdr.exceptions import Conflict, IndexNotReady, InvalidInput, NotFound, PreconditionFailed, SdrError, Unavailable
from sdr.rpc.errors import status_of


def details_of(status):
    """Return the google.rpc details by type, as a client finds them in the trailing metadata."""
    proto = status_pb2.Status.FromString(dict(status.trailing_metadata())["grpc-status-details-bin"])
    assert (proto.code, proto.message) == (status.code.value[0], status.message)
    found = {}
    for packed in proto.details:
        name = packed.type_url.rpartition(".")[2]
        found[name] = getattr(error_details_pb2, name)()
        packed.Unpack(found[name])
    return found


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidInput("limit", "must be 1 to 100"), grpc.StatusCode.INVALID_ARGUMENT),
        (NotFound("no product 7"), grpc.StatusCode.NOT_FOUND),
        (Unauthenticated("no key"), grpc.StatusCode.UNAUTHENTICATED),
        (Conflict("sku", "is taken"), grpc.StatusCode.ALREADY_EXISTS),
        (PreconditionFailed("changed meanwhile"), grpc.StatusCode.FAILED_PRECONDITION),
        (Unavailable("Kafka is away"), grpc.StatusCode.UNAVAILABLE),
        (IndexNotReady("no index yet"), grpc.StatusCode.UNAVAILABLE),
        (SdrError("not now"), grpc.StatusCode.FAILED_PRECONDITION),
    ],
)
def test_an_error_meant_for_callers_keeps_its_words_and_its_stable_code(error, code):
    status = status_of(error)
    assert (status.code, status.message) == (code, str(error))
    info = details_of(status)["ErrorInfo"]
    assert (info.reason, info.domain) == (error.code, "sdr")


def test_a_refusal_keeps_its_words():
    status = status_of(PermissionDenied("wrong scope"))
    assert (status.code, status.message) == (grpc.StatusCode.PERMISSION_DENIED, "wrong scope")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ObjectDoesNotExist("Product matching query"), grpc.StatusCode.NOT_FOUND),
        (OperationalError("connection to server at 10.0.0.7 failed"), grpc.StatusCode.UNAVAILABLE),
        (KeyError("secret"), grpc.StatusCode.INTERNAL),
    ],
)
def test_an_error_of_our_insides_shows_none_of_them(error, code):
    status = status_of(error)
    assert status.code is code
    assert str(error) not in status.message
    assert str(error) not in str(details_of(status))


@pytest.mark.parametrize(
    ("error", "violations"),
    [
        (InvalidInput("limit", "must be 1 to 100"), [("limit", "must be 1 to 100")]),
        (
            ValidationError({"price": ["Enter a number."], "sku": ["Too long."]}),
            [("price", "Enter a number."), ("sku", "Too long.")],
        ),
        (
            serializers.ValidationError({"product": {"price": ["A valid number is required."]}}),
            [("product.price", "A valid number is required.")],
        ),
        (ValidationError("Too many."), [("body", "Too many.")]),
        (Conflict("sku", "is taken"), [("sku", "is taken")]),
    ],
)
def test_what_is_wrong_is_told_field_by_field(error, violations):
    found = details_of(status_of(error))["BadRequest"].field_violations
    assert [(violation.field, violation.description) for violation in found] == violations


@pytest.mark.parametrize(
    ("error", "code", "seconds"),
    [
        (Unavailable("Kafka is away", retry_after_seconds=2), grpc.StatusCode.UNAVAILABLE, 2),
        (Throttled(wait=3), grpc.StatusCode.RESOURCE_EXHAUSTED, 3),
    ],
)
def test_who_may_come_again_is_told_when(error, code, seconds):
    status = status_of(error)
    assert status.code is code
    assert details_of(status)["RetryInfo"].retry_delay.ToSeconds() == seconds
    assert ("retry-after", str(seconds)) in status.trailing_metadata()


def test_who_need_not_come_again_is_told_no_time():
    assert "RetryInfo" not in details_of(status_of(NotFound("no product 7")))
