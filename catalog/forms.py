"""How the admin shows and takes a product's fields."""

import csv
import io
from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from catalog import cleaning
from catalog.models import Product

MAX_TAGS = 100
MAX_TAG_LENGTH = 100


class PriceField(forms.DecimalField):
    """Stored with eight decimals, shown with those it needs."""

    def prepare_value(self, value: Any) -> Any:
        return format(value.normalize(), "f") if isinstance(value, Decimal) else value


class TagsField(forms.CharField):
    """Tags as a comma list; one that holds a comma stands in quotes, as in CSV."""

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(value)
        return line.getvalue()

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        tags = cleaning.tags(next(csv.reader([text], skipinitialspace=True), []))
        if len(tags) > MAX_TAGS or any(len(tag) > MAX_TAG_LENGTH for tag in tags):
            raise forms.ValidationError(f"At most {MAX_TAGS} tags of at most {MAX_TAG_LENGTH} characters.")
        return tags

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class ProductForm(forms.ModelForm):
    price = PriceField(
        required=False,
        min_value=Decimal(0),
        max_digits=20,
        decimal_places=8,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
        help_text="Empty: unknown.",
    )
    tags = TagsField(
        required=False,
        strip=True,
        widget=UnfoldAdminTextInputWidget,
        help_text='Comma separated: wool, winter, "a, b".',
    )

    class Meta:
        model = Product
        fields = (
            "tenant",
            "sku",
            "name",
            "category",
            "price",
            "currency",
            "rating",
            "rating_count",
            "tags",
            "description",
            "image_url",
            "in_stock",
            "is_active",
            "variant_group",
            "attributes",
        )

    def clean_sku(self) -> str:
        """Say whose the SKU is already, even if it cannot be seen: deleted products keep theirs."""
        sku = cleaning.required("sku", self.cleaned_data["sku"])
        tenant = self.cleaned_data.get("tenant") or self.instance.tenant
        other = Product.all_objects.filter(tenant=tenant, sku=sku).exclude(pk=self.instance.pk).first()
        if other and other.deleted_at:
            raise forms.ValidationError(
                'A deleted product has this SKU. The filter "deleted" lists it: restore it there.'
            )
        if other:
            raise forms.ValidationError(f"{other.name} has this SKU already.")
        return sku


class PriceListForm(forms.ModelForm):
    """A row of the list, edited in place."""

    price = PriceField(
        required=False,
        min_value=Decimal(0),
        max_digits=20,
        decimal_places=8,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
    )

    class Meta:
        model = Product
        fields = ("price", "in_stock", "is_active")
