import pytest
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from sdr.api import DoorsView, UnknownDoorView, validated_query


def test_the_doors_are_listed_with_links_and_templates():
    response = DoorsView.as_view()(APIRequestFactory().get("/api/"))
    doors = response.data["doors"]
    assert doors["products"] == "http://testserver/api/products"
    assert doors["product"] == "http://testserver/api/products/{product_id}"
    assert doors["product-by-sku"] == "http://testserver/api/products/by-sku/{sku}"
    assert not any("/admin/" in link for link in doors.values())


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_behind_an_unknown_door_there_is_nothing_whatever_is_asked(method):
    response = UnknownDoorView.as_view()(getattr(APIRequestFactory(), method)("/api/nowhere"))
    assert (response.status_code, response.data["error"]["code"]) == (404, "not_found")


class LimitSerializer(serializers.Serializer):
    limit = serializers.IntegerField(min_value=1, max_value=100, default=5)


def query(text: str) -> Request:
    return Request(APIRequestFactory().get(f"/?{text}"))


@pytest.mark.parametrize(("text", "limit"), [("limit=7", 7), ("", 5), ("limit=", 5), ("other=1", 5)])
def test_a_query_is_read_with_its_defaults(text, limit):
    assert validated_query(query(text), LimitSerializer) == {"limit": limit}


@pytest.mark.parametrize("text", ["limit=0", "limit=101", "limit=abc"])
def test_a_bad_query_names_its_parameter(text):
    with pytest.raises(ValidationError) as error:
        validated_query(query(text), LimitSerializer)
    assert list(error.value.detail) == ["limit"]
