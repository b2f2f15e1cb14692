"""Preferences as a merchandiser sees them: categories by name, none of it JSON."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelect2MultipleWidget

from catalog.models import Category
from events.models import Shopper
from sdr.accounts import preferences
from sdr.accounts.models import DEFAULT_TENANT_ID
from sdr.exceptions import InvalidInput

_SPARE_ROWS = 3
LISTS = {"favorite_categories": "Likes", "hidden_categories": "Hides"}


class WeightsWidget(forms.Widget):
    """One row for each weight, and a few to spare: a category, and a number from 0 to 1."""

    template_name = "events/admin/weights.html"
    choices: list[tuple[str, str]]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        rows = [*(value or []), *[("", "")] * _SPARE_ROWS]
        return {**super().get_context(name, value, attrs), "rows": rows, "choices": self.choices, "name": name}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[tuple[str, str]]:
        rows = zip(data.getlist(f"{name}-category"), data.getlist(f"{name}-weight"), strict=False)
        return [(slug, weight.strip()) for slug, weight in rows if slug or weight.strip()]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-category" not in data


class WeightsField(forms.Field):
    widget = WeightsWidget

    def to_python(self, value: Any) -> dict[str, float]:
        weights: dict[str, float] = {}
        for slug, weight in value or []:
            if not slug:
                raise forms.ValidationError(f"Choose a category for the weight {weight}.")
            try:
                weights[slug] = float(weight.replace(",", "."))
            except ValueError as error:
                raise forms.ValidationError("Give each category a number from 0 to 1.") from error
        return weights


class ShopperForm(forms.ModelForm):
    favorite_categories = forms.MultipleChoiceField(
        required=False, label="Likes", widget=UnfoldAdminSelect2MultipleWidget, help_text="Shown more."
    )
    hidden_categories = forms.MultipleChoiceField(
        required=False,
        label="Hides",
        widget=UnfoldAdminSelect2MultipleWidget,
        help_text="Nothing of these is recommended, from the next request on.",
    )
    category_weights = WeightsField(
        required=False, label="Weights", help_text="From 0 to 1. To take one away, empty its row."
    )

    class Meta:
        model = Shopper
        fields = ("tenant", "external_id")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = preferences.complete(self.instance.preferences)
        choices = _choices(self.instance.tenant_id or DEFAULT_TENANT_ID, stored)
        for name in LISTS:
            field: Any = self.fields[name]
            field.choices, field.initial = choices, stored[name]
        weights: Any = self.fields["category_weights"]
        weights.widget.choices = choices
        weights.initial = [(slug, f"{weight:g}") for slug, weight in stored["category_weights"].items()]
        if "external_id" in self.fields:
            self.fields["external_id"].required = True

    def clean(self) -> dict[str, Any]:
        """Hold them to what the API is held to."""
        cleaned = super().clean() or self.cleaned_data
        try:
            chosen = {name: cleaned[name] for name in (*LISTS, "category_weights") if cleaned.get(name)}
            self.instance.preferences = preferences.merge({}, chosen)
        except InvalidInput as error:
            self.add_error(error.field.split(".")[0], error.message)
        return cleaned


def _choices(tenant_id: int, stored: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the tenant's categories by their paths, and whatever else is stored: it is kept, and does nothing."""
    known = dict(Category.objects.filter(tenant=tenant_id).order_by("path").values_list("slug", "path"))
    others = {slug for slugs in stored.values() for slug in slugs} - known.keys()
    return [*known.items(), *((slug, f"{slug} (no such category)") for slug in sorted(others))]
