"""The shapes of the catalogue's requests and answers: for the documentation and for the browsable API's forms.

Nothing is read or sent through them: ``drafts`` reads, and answers are put together by ``selectors``.
"""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.editing import MAX_ROWS
from catalog.paths import UNCATEGORISED
from catalog.rows import tags_cell
from catalog.selectors import ProductDetail
from catalog.upsert import Status


class ProductSerializer(serializers.Serializer[Any]):
    """A product as shoppers may see it."""

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


class ProductDetailSerializer(ProductSerializer):
    """A product with what only those need who manage it."""

    is_active = serializers.BooleanField(help_text="False: shoppers do not see it.")
    rating_count = serializers.IntegerField()
    variant_group = serializers.CharField(allow_null=True)
    attributes = serializers.DictField(help_text="Whatever else it carries.")
    revision = serializers.IntegerField(help_text="Counts changes; it is the ETag, too.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class Flag:
    """A boolean as JSON's encoder and a form both take it: DRF's forms hold False for "nothing chosen"."""

    def __init__(self, value: Any) -> None:
        self._value = bool(value)

    def __str__(self) -> str:
        return str(self._value)

    def tolist(self) -> bool:
        return self._value  # what DRF's encoder asks of what it does not know


@extend_schema_field(bool)
class FlagField(serializers.ChoiceField):
    """True or false; a form shows a choice, because a box that is not ticked is not sent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[(True, "yes"), (False, "no")], initial=True, **kwargs)

    def to_representation(self, value: Any) -> Any:
        return Flag(value)


class CommaList(list[str]):
    def __str__(self) -> str:
        return tags_cell(self)


class TagsField(serializers.ListField):
    """A list; a form shows it in one line."""

    def to_representation(self, data: Any) -> Any:
        return CommaList(data)


class ProductFieldsSerializer(serializers.Serializer[Any]):
    """A product's fields, as they are sent."""

    sku = serializers.CharField(max_length=100)
    name = serializers.CharField(max_length=500)
    category = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=600,
        help_text='A path ("Home > Kitchen") or a name; made if unknown, 400 if several places have that name.',
    )
    category_path = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=600,
        help_text="Always a path; instead of category.",
    )
    price = serializers.DecimalField(
        required=False,
        allow_null=True,
        max_digits=20,
        decimal_places=8,
        min_value=0,
        coerce_to_string=False,
        help_text="Empty or null: unknown.",
    )
    currency = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, max_length=3, help_text="A code of ISO 4217: EUR."
    )
    rating = serializers.FloatField(required=False, allow_null=True, min_value=0, max_value=5)
    rating_count = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**31 - 1)
    tags = TagsField(
        child=serializers.CharField(max_length=100),
        initial=CommaList,
        required=False,
        allow_null=True,
        max_length=100,
        style={"base_template": "input.html", "input_type": "text"},
        help_text="In a form: comma separated.",
    )
    description = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=20_000,
        style={"base_template": "textarea.html", "rows": 3},
    )
    image_url = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, max_length=1000, help_text="http:// or https://"
    )
    in_stock = FlagField(required=False, allow_null=True)
    is_active = FlagField(required=False, allow_null=True, help_text="False: shoppers do not see it.")
    variant_group = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=100,
        help_text="Colours or sizes of one thing share it; empty: stands alone.",
    )
    attributes = serializers.JSONField(
        required=False,
        allow_null=True,
        initial=dict,
        help_text="A JSON object: at most 20,000 bytes, 10 deep.",
        style={"base_template": "textarea.html", "rows": 3},
    )


class ProductReplacementSerializer(ProductFieldsSerializer):
    """The same where the address names the product already."""

    sku = serializers.CharField(max_length=100, required=False)


class ProductFormSerializer(ProductFieldsSerializer):
    """The browsable API's form, filled in with a product's own fields. Its ``category`` holds the whole path."""

    category_path = None  # type: ignore[assignment]

    def to_representation(self, instance: ProductDetail) -> Any:
        path = instance["category_path"]
        return super().to_representation({**instance, "category": "" if path == UNCATEGORISED else path})


class BulkSerializer(serializers.Serializer[Any]):
    """Rows to create or change; at most as many as ``MAX_ROWS``."""

    products = serializers.ListField(child=ProductFieldsSerializer(), max_length=MAX_ROWS)

    def to_representation(self, instance: Any) -> Any:
        return instance  # the example that the browsable API begins with


class RowResultSerializer(serializers.Serializer[Any]):
    sku = serializers.CharField(allow_null=True, help_text="Null if the row has none that can be read.")
    id = serializers.IntegerField(required=False, help_text="Not for a rejected row.")
    status = serializers.ChoiceField(choices=[status.value for status in Status])
    field = serializers.CharField(required=False, help_text='What a row is rejected for; "row": all of it.')
    error = serializers.CharField(required=False)


class BulkResultSerializer(serializers.Serializer[Any]):
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    rejected = serializers.IntegerField()
    results = RowResultSerializer(many=True)


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
