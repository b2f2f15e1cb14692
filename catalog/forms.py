"""How the admin shows and takes a product's fields."""

import csv
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from catalog import cleaning
from catalog.models import Product
from catalog.rows import FIELDS
from sdr.exceptions import InvalidInput

MAX_TAGS = 100
MAX_TAG_LENGTH = 100
EMPTY: dict[str, Any] = {"attributes": {}}
CLEANED: dict[str, Callable[[Any], Any]] = {
    "currency": cleaning.currency,
    "image_url": cleaning.image_url,
    "variant_group": cleaning.variant_group,
    "attributes": cleaning.attributes,
}


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
        fields = ("tenant", *FIELDS)

    def clean_sku(self) -> str:
        """Say whose the SKU is already, even if it cannot be seen: deleted products keep theirs."""
        try:
            sku = cleaning.sku(self.cleaned_data["sku"])
        except InvalidInput as error:
            raise forms.ValidationError(error.message) from error
        tenant = self.cleaned_data.get("tenant") or self.instance.tenant
        other = Product.all_objects.filter(tenant=tenant, sku=sku).exclude(pk=self.instance.pk).first()
        if other and other.deleted_at:
            raise forms.ValidationError(
                'A deleted product has this SKU. The filter "deleted" lists it: restore it there.'
            )
        if other:
            raise forms.ValidationError(f"{other.name} has this SKU already.")
        return sku

    def clean(self) -> dict[str, Any]:
        """Hold the fields to what every other way in is held to."""
        cleaned = super().clean() or self.cleaned_data
        for field, clean in CLEANED.items():
            if field in cleaned:
                try:
                    cleaning.refuse_nul(field, cleaned[field])
                    cleaned[field] = clean(EMPTY.get(field, "") if cleaned[field] is None else cleaned[field])
                except InvalidInput as error:
                    self.add_error(field, error.message)
        return cleaned


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
