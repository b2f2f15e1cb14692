import grpc
import pytest
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db import OperationalError
from rest_framework import serializers
from rest_framework.exceptions import Throttled

from sdr.accounts.access import Unauthenticated
from sdr.exceptions import Conflict, IndexNotReady, InvalidInput, NotFound, SdrError, Unavailable
from sdr.rpc.errors import Status, status_of


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidInput("limit", "must be 1 to 100"), grpc.StatusCode.INVALID_ARGUMENT),
        (NotFound("no product 7"), grpc.StatusCode.NOT_FOUND),
        (Unauthenticated("no key"), grpc.StatusCode.UNAUTHENTICATED),
        (Conflict("sku", "is taken"), grpc.StatusCode.ALREADY_EXISTS),
        (Unavailable("Kafka is away"), grpc.StatusCode.UNAVAILABLE),
        (IndexNotReady("no index yet"), grpc.StatusCode.UNAVAILABLE),
        (SdrError("not now"), grpc.StatusCode.FAILED_PRECONDITION),
        (PermissionDenied("wrong scope"), grpc.StatusCode.PERMISSION_DENIED),
    ],
)
def test_an_error_meant_for_callers_keeps_its_words(error, code):
    assert status_of(error) == Status(code, str(error))


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
    assert str(error) not in status.details


def test_a_django_validation_error_names_its_fields():
    status = status_of(ValidationError({"price": ["Enter a number."], "sku": ["Too long."]}))
    assert status == Status(grpc.StatusCode.INVALID_ARGUMENT, "price: Enter a number.; sku: Too long.")


def test_a_django_validation_error_without_fields_keeps_its_text():
    assert status_of(ValidationError("Too many.")) == Status(grpc.StatusCode.INVALID_ARGUMENT, "Too many.")


def test_a_rest_validation_error_names_nested_fields():
    error = serializers.ValidationError({"product": {"price": ["A valid number is required."]}})
    assert status_of(error) == Status(grpc.StatusCode.INVALID_ARGUMENT, "product.price: A valid number is required.")


def test_a_throttled_caller_is_told_that_it_exhausted_its_share():
    assert status_of(Throttled()).code is grpc.StatusCode.RESOURCE_EXHAUSTED
