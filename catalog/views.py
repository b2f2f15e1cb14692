"""REST's way into the catalogue: reading."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import selectors
from catalog.filters import ProductFilter
from catalog.models import Product
from catalog.serializers import CategoriesSerializer, ProductSerializer
from sdr.accounts.authentication import access_of
from sdr.accounts.models import Scope
from sdr.api import PageNumberPagination


class ProductPages(PageNumberPagination):
    results_name = "products"


class ProductsView(ListAPIView[Product]):
    """The products on sale, filtered and in pages."""

    required_scope = Scope.RECOMMENDATIONS_READ
    serializer_class = ProductSerializer
    pagination_class = ProductPages
    filter_backends = (DjangoFilterBackend,)
    filterset_class = ProductFilter
    queryset = Product.objects.none()  # what the documentation learns the model from

    def get_queryset(self) -> QuerySet[Product]:
        return selectors.visible_products(access_of(self.request).tenant_id)


class ProductView(APIView):
    """One product, by its id."""

    required_scope = Scope.RECOMMENDATIONS_READ

    @extend_schema(operation_id="product_by_id", responses=ProductSerializer)
    def get(self, request: Request, product_id: int) -> Response:
        return Response(selectors.product_card(selectors.product_by_id(access_of(request).tenant_id, product_id)))


class ProductBySkuView(APIView):
    """One product, by the shop's own SKU."""

    required_scope = Scope.RECOMMENDATIONS_READ

    @extend_schema(operation_id="product_by_sku", responses=ProductSerializer)
    def get(self, request: Request, sku: str) -> Response:
        return Response(selectors.product_card(selectors.product_by_sku(access_of(request).tenant_id, sku)))


class CategoriesView(APIView):
    """The category tree, with the number of products on sale at and below each node."""

    required_scope = Scope.RECOMMENDATIONS_READ

    @extend_schema(responses=CategoriesSerializer)
    def get(self, request: Request) -> Response:
        tree: Any = selectors.category_tree(access_of(request).tenant_id)
        return Response({"categories": tree})
