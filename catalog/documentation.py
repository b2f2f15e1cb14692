"""What OpenAPI says about the catalogue's operations, with an example of each request and answer."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view

from catalog.serializers import (
    BulkResultSerializer,
    BulkSerializer,
    CategoriesSerializer,
    ProductDetailSerializer,
    ProductFieldsSerializer,
    ProductReplacementSerializer,
    ProductSerializer,
)
from sdr.openapi import ERROR

FIELDS: dict[str, Any] = {
    "sku": "KNF-1",
    "name": "Chef's knife 20 cm",
    "category": "Home > Kitchen > Knives",
    "price": 49.9,
    "currency": "EUR",
    "rating": 4.7,
    "rating_count": 31,
    "tags": ["steel", "kitchen"],
    "description": "Forged, full tang.",
    "image_url": "https://shop.example/knf-1.jpg",
    "in_stock": True,
    "is_active": True,
    "variant_group": None,
    "attributes": {"colour": "black", "blade_cm": 20},
}
CARD = {
    "id": 12,
    **{name: FIELDS[name] for name in ("sku", "name")},
    "category": "Knives",
    "category_path": "Home > Kitchen > Knives",
    **{name: FIELDS[name] for name in ("price", "currency", "rating", "tags", "description", "image_url", "in_stock")},
}
DETAIL = {
    **CARD,
    **{name: FIELDS[name] for name in ("is_active", "rating_count", "variant_group", "attributes")},
    "revision": 3,
    "created_at": "2026-11-23T10:00:00Z",
    "updated_at": "2026-11-23T12:30:00Z",
}
CATEGORY = {"id": 3, "name": "Home", "slug": "home", "path": "Home", "n_products": 1, "children": []}
ROW_RESULTS = [
    {"sku": "KNF-1", "id": 12, "status": "updated"},
    {"sku": "KNF-2", "status": "rejected", "field": "price", "error": "price: must not be negative"},
]

SENT = OpenApiExample("All fields", FIELDS, request_only=True)
CHANGE = OpenApiExample("A new price", {"price": 39.9, "in_stock": False}, request_only=True)
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description='Write only if this is still the ETag, as in "3"; else 412.'
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="* : write only if there is no such product; else 412."
)
IF_CHANGED = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="An ETag: 304 without a body while it holds."
)
ATTRIBUTES = OpenApiParameter(
    "attributes.colour",
    str,
    many=True,
    explode=True,
    description=(
        "Any attribute may stand for colour; attributes.size.width leads into a nested one. The same name twice: either"
        " value will do. At most 5 names."
    ),
)
ETAG = OpenApiParameter("ETag", str, OpenApiParameter.HEADER, response=[200, 201], description="The revision.")
UNCHANGED = OpenApiResponse(description="You hold it already.")


def _answer(shape: Any, example: Any, description: str = "") -> OpenApiResponse:
    return OpenApiResponse(shape, description, [OpenApiExample("Answer", example, response_only=True)])


_DETAIL = _answer(ProductDetailSerializer, DETAIL)

PRODUCTS = extend_schema_view(
    get=extend_schema(
        operation_id="products",
        parameters=[ATTRIBUTES],
        responses={200: _answer(ProductSerializer(many=True), CARD)},
    ),
    post=extend_schema(
        operation_id="create_product",
        request=ProductFieldsSerializer,
        examples=[SENT],
        parameters=[ETAG],
        responses={201: _DETAIL, 409: ERROR},
    ),
)


def _product_view(suffix: str, put_responses: dict[int, Any], put_parameters: list[OpenApiParameter]) -> Any:
    return extend_schema_view(
        get=extend_schema(
            operation_id=f"product_by_{suffix}", parameters=[IF_CHANGED, ETAG], responses={200: _DETAIL, 304: UNCHANGED}
        ),
        put=extend_schema(
            operation_id=f"put_product_by_{suffix}",
            request=ProductReplacementSerializer,
            examples=[SENT],
            parameters=[IF_MATCH, ETAG, *put_parameters],
            responses={200: _DETAIL, **put_responses, 409: ERROR, 412: ERROR},
        ),
        patch=extend_schema(
            operation_id=f"change_product_by_{suffix}",
            request=ProductFieldsSerializer,
            examples=[CHANGE],
            parameters=[IF_MATCH, ETAG],
            responses={200: _DETAIL, 409: ERROR, 412: ERROR},
        ),
        delete=extend_schema(
            operation_id=f"delete_product_by_{suffix}",
            parameters=[IF_MATCH],
            responses={204: OpenApiResponse(description="It is gone."), 412: ERROR},
        ),
    )


PRODUCT_BY_ID = _product_view("id", {}, [])
PRODUCT_BY_SKU = _product_view("sku", {201: _DETAIL}, [IF_NONE_MATCH])
BULK = extend_schema_view(
    post=extend_schema(
        operation_id="upsert_products",
        request={"application/json": BulkSerializer, "application/x-ndjson": OpenApiTypes.STR},
        examples=[
            OpenApiExample("Two rows", {"products": [FIELDS, {"sku": "KNF-2", "price": -1}]}, request_only=True),
        ],
        responses={
            200: _answer(
                BulkResultSerializer,
                {"created": 0, "updated": 1, "unchanged": 0, "rejected": 1, "results": ROW_RESULTS},
                "Each row's fate, in the order they were sent.",
            )
        },
    )
)
CATEGORIES = extend_schema_view(
    get=extend_schema(
        operation_id="categories",
        parameters=[IF_CHANGED],
        responses={200: _answer(CategoriesSerializer, {"categories": [CATEGORY]}), 304: UNCHANGED},
    )
)
