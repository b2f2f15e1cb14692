"""The shapes of the catalogue's answers."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.models import Product
from catalog.selectors import product_card


class ProductSerializer(serializers.Serializer[Product]):
    """A product's shape for the documentation. The one that is sent is ``selectors.product_card``'s."""

    id = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField()
    category = serializers.CharField(help_text='The leaf\'s name; "Uncategorised" without one.')
    category_path = serializers.CharField(help_text='From the root: "Home > Kitchen > Knives".')
    price = serializers.FloatField(allow_null=True, help_text="Null: unknown.")
    currency = serializers.CharField(help_text="Three letters, or empty.")
    rating = serializers.FloatField(allow_null=True, min_value=0, max_value=5, help_text="Null: unknown.")
    tags = serializers.ListField(child=serializers.CharField())
    description = serializers.CharField()
    image_url = serializers.CharField()
    in_stock = serializers.BooleanField()

    def to_representation(self, instance: Product) -> Any:
        return product_card(instance)


class CategorySerializer(serializers.Serializer[Any]):
    """A node of the category tree."""

    id = serializers.IntegerField(allow_null=True, help_text='Null for "Uncategorised".')
    name = serializers.CharField()
    slug = serializers.CharField()
    path = serializers.CharField()
    n_products = serializers.IntegerField(help_text="Products here and below.")
    children = serializers.SerializerMethodField()

    @extend_schema_field({"type": "array", "items": {"$ref": "#/components/schemas/Category"}})
    def get_children(self, node: Any) -> list[Any]:
        return node["children"]


class CategoriesSerializer(serializers.Serializer[Any]):
    categories = CategorySerializer(many=True)
