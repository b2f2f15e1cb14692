"""What the product list may be asked for."""

from typing import Any

import django_filters
from django import forms
from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F, QuerySet
from django.db.models.expressions import OrderBy

from catalog import selectors
from catalog.models import Product

ORDERINGS = ("id", "name", "price", "rating", "created_at", "updated_at")
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class BooleanField(forms.Field):
    """true, false, 1 or 0; Django's own takes anything else for "not asked"."""

    def to_python(self, value: Any) -> bool | None:
        text = str(value).lower() if value not in self.empty_values else ""
        if text and text not in BOOLEANS:
            raise forms.ValidationError("It must be true or false.", code="invalid")
        return BOOLEANS.get(text)


class BooleanFilter(django_filters.Filter):
    field_class = BooleanField


class Ordering(django_filters.OrderingFilter):
    """Unknown values come last in both directions, and equals in the order of their ids."""

    def get_ordering_value(self, param: str) -> OrderBy:
        field = F(param.removeprefix("-"))
        return field.desc(nulls_last=True) if param.startswith("-") else field.asc(nulls_last=True)

    def filter(self, qs: QuerySet[Product], value: list[str] | None) -> QuerySet[Product]:
        return qs.order_by(*(self.get_ordering_value(param) for param in value), "id") if value else qs


class ProductFilterForm(forms.Form):
    def clean(self) -> dict[str, Any]:
        low, high = self.cleaned_data.get("min_price"), self.cleaned_data.get("max_price")
        if low is not None and high is not None and low > high:
            self.add_error("max_price", "It must not be less than min_price.")
        return self.cleaned_data


class ProductFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(
        method="by_text",
        max_length=200,
        help_text='Words in name, tags and description; "a phrase", or, -without. Best matches first, unless ordered.',
    )
    category = django_filters.CharFilter(
        method="by_category",
        max_length=600,
        help_text='A slug, a path or a name, with everything below it; "Uncategorised" for products without one.',
    )
    tags = django_filters.CharFilter(
        method="by_tags", max_length=1000, help_text="Comma separated; a product carries all of them."
    )
    min_price = django_filters.NumberFilter(
        field_name="price", lookup_expr="gte", min_value=0, help_text="An unknown price fails."
    )
    max_price = django_filters.NumberFilter(
        field_name="price", lookup_expr="lte", min_value=0, help_text="An unknown price fails."
    )
    min_rating = django_filters.NumberFilter(
        field_name="rating", lookup_expr="gte", min_value=0, max_value=5, help_text="An unknown rating fails."
    )
    in_stock = BooleanFilter(help_text="true or false")
    ordering = Ordering(fields=[(name, name) for name in ORDERINGS])

    class Meta:
        model = Product
        fields: list[str] = []
        form = ProductFilterForm

    def by_text(self, products: QuerySet[Product], _name: str, value: str) -> QuerySet[Product]:
        query = SearchQuery(value, config="english", search_type="websearch")
        return products.filter(search_vector=query).order_by(SearchRank(F("search_vector"), query).desc(), "id")

    def by_category(self, products: QuerySet[Product], _name: str, value: str) -> QuerySet[Product]:
        tenant_id = self.request.user.tenant_id
        return products.filter(selectors.in_category(tenant_id, value))

    def by_tags(self, products: QuerySet[Product], _name: str, value: str) -> QuerySet[Product]:
        return products.filter(tags__contains=[tag.strip() for tag in value.split(",") if tag.strip()])
