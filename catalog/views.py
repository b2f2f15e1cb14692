"""REST's way into the catalogue."""

from collections import Counter
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.parsers import BaseParser, FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import bodies, documentation, drafts, editing, selectors
from catalog.attribute_filter import by_attributes
from catalog.editing import RowResult
from catalog.filters import ProductFilter
from catalog.models import Product
from catalog.serializers import BulkSerializer, ProductFormSerializer
from catalog.upsert import Status
from sdr.accounts.authentication import access_of
from sdr.accounts.models import Scope
from sdr.api import PageNumberPagination
from sdr.conditional import answer_if_changed, etag_of, precondition_of
from sdr.exceptions import InvalidInput, NotFound


class ProductPages(PageNumberPagination):
    results_name = "products"


class CatalogView(APIView):
    """Reading is for everybody who shows products, writing for those who manage them."""

    parser_classes: tuple[type[BaseParser], ...] = (bodies.JsonBytesParser, MultiPartParser, FormParser)

    required_scope = {"GET": Scope.RECOMMENDATIONS_READ} | dict.fromkeys(
        ("POST", "PUT", "PATCH", "DELETE"), Scope.CATALOG_WRITE
    )

    def tenant_id(self) -> int:
        return access_of(self.request).tenant_id


@documentation.PRODUCTS
class ProductsView(CatalogView, GenericAPIView[Product]):
    """The products on sale, filtered and in pages; POST adds one."""

    serializer_class = ProductFormSerializer
    pagination_class = ProductPages
    filter_backends = (DjangoFilterBackend,)
    filterset_class = ProductFilter
    queryset = Product.objects.none()  # what the documentation learns the model from

    def get_queryset(self) -> QuerySet[Product]:
        return selectors.visible_products(self.tenant_id())

    def get(self, request: Request) -> Response:
        products = by_attributes(self.filter_queryset(self.get_queryset()), request.query_params)
        page = self.paginate_queryset(products) or []
        return self.get_paginated_response([selectors.product_card(product) for product in page])

    def post(self, request: Request) -> Response:
        fields, from_form = bodies.fields_of(request.data)
        product = editing.create_product(self.tenant_id(), drafts.parse_fields(fields, from_text=from_form))
        return _written(request, product, is_new=True)


class ProductView(CatalogView):
    """One product; PUT, PATCH and DELETE manage it. Send the ETag as If-Match to write only what you have seen."""

    def get(self, request: Request, **address: Any) -> Response:
        product = selectors.manageable_product(self.tenant_id(), key_of(**address))
        if not product.is_active and Scope.CATALOG_WRITE not in access_of(request).scopes:
            raise NotFound("There is no such product.")
        response = Response(selectors.product_detail(product))
        return answer_if_changed(request, response, etag=etag_of(product.revision), modified_at=product.updated_at)

    def put(self, request: Request, **address: Any) -> Response:
        fields, from_form = bodies.fields_of(request.data)
        product = editing.replace_product(
            self.tenant_id(), key_of(**address), fields, precondition_of(request), from_text=from_form
        )
        return _written(request, product)

    def patch(self, request: Request, **address: Any) -> Response:
        fields, from_form = bodies.fields_of(request.data)
        product = editing.change_product(
            self.tenant_id(), key_of(**address), fields, precondition_of(request), from_text=from_form
        )
        return _written(request, product)

    def delete(self, request: Request, **address: Any) -> Response:
        editing.delete_product(self.tenant_id(), key_of(**address), precondition_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def get_serializer(self, *_args: Any, **_kwargs: Any) -> ProductFormSerializer:
        """Fill the browsable API's forms with the product as it is now."""
        product = Product.objects.filter(key_of(**self.kwargs), tenant_id=self.tenant_id()).select_related("category")
        shown: Any = [selectors.product_detail(stored) for stored in product]
        return ProductFormSerializer(*shown)


@documentation.PRODUCT_BY_ID
class ProductByIdView(ProductView):
    __doc__ = ProductView.__doc__


@documentation.PRODUCT_BY_SKU
class ProductBySkuView(ProductView):
    """One product by the shop's own SKU. PUT creates it where there is none; PATCH and DELETE need it to be there."""

    def put(self, request: Request, **address: Any) -> Response:
        sku = address["sku"]
        fields, from_form = bodies.fields_of(request.data)
        draft = drafts.parse_fields({"sku": sku, **fields}, from_text=from_form)
        if draft.sku != sku:
            raise InvalidInput("sku", "It is not the one of the address. PATCH changes a SKU.")
        product, is_new = editing.put_product(self.tenant_id(), draft, precondition_of(request))
        return _written(request, product, is_new=is_new)


@documentation.BULK
class BulkView(CatalogView):
    """Create or change many products by SKU; each row is told what became of it, in the order they were sent."""

    parser_classes = (bodies.JsonBytesParser, bodies.NdjsonBytesParser)

    def post(self, request: Request) -> Response:
        results = editing.upsert_each(self.tenant_id(), bodies.rows_of(request.data))
        counts = Counter(result.status for result in results)
        shown: list[Any] = [_row_result(result) for result in results]
        return Response({str(status): counts[status] for status in Status} | {"results": shown})

    def get_serializer(self, *_args: Any, **_kwargs: Any) -> BulkSerializer:
        return BulkSerializer({"products": [documentation.FIELDS]})


@documentation.CATEGORIES
class CategoriesView(CatalogView):
    """The category tree, with the number of products on sale at and below each node."""

    def get(self, request: Request) -> Response:
        tree: Any = selectors.category_tree(self.tenant_id())
        return answer_if_changed(request, Response({"categories": tree}))


def key_of(product_id: int | None = None, sku: str = "") -> Q:
    """Return the condition for the product that an address names."""
    if "\0" in sku:  # Postgres refuses it in a parameter, and no SKU holds one
        raise NotFound("There is no such product.")
    return Q(sku=sku) if product_id is None else Q(pk=product_id)


def _written(request: Request, product: Product, *, is_new: bool = False) -> Response:
    response = Response(selectors.product_detail(product), status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)
    response["ETag"] = etag_of(product.revision)
    if is_new:
        response["Location"] = request.build_absolute_uri(reverse("product", args=[product.pk]))
    return response


def _row_result(result: RowResult) -> dict[str, Any]:
    if result.error:
        return {"sku": result.sku, "status": result.status, "field": result.error.field, "error": str(result.error)}
    return {"sku": result.sku, "id": result.id, "status": result.status}
