"""What staff fill in: keys, and new shops."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from sdr.accounts.models import ApiKey, Scope, Tenant, User

# In words for people; the scope itself stands behind each.
SCOPES = {
    Scope.EVENTS_WRITE: "Send events",
    Scope.RECOMMENDATIONS_READ: "Read recommendations, trends and the catalogue",
    Scope.CATALOG_WRITE: "Change the catalogue",
    Scope.USERS_READ: "Read shoppers' preferences and history",
    Scope.USERS_WRITE: "Change, merge and erase shoppers",
}
OVERLAPS = {0: "No longer: it may be in the wrong hands", 1: "One hour", 24: "One day", 24 * 7: "One week"}


class OriginsField(forms.CharField):
    """Origins, one a line or with commas between them; gives a list."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 3, "placeholder": "https://shop.example"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [origin for origin in (super().to_python(value) or "").replace(",", " ").split() if origin]


class ApiKeyForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, f"{words} ({scope.value})") for scope, words in SCOPES.items()],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What the key may do.",
    )
    allowed_origins = OriginsField(required=False, help_text=ApiKey._meta.get_field("allowed_origins").help_text)  # noqa: SLF001

    class Meta:
        model = ApiKey
        fields = ("tenant", "name", "scopes", "is_public", "allowed_origins", "rate_limit", "expires_at")


class RotateForm(forms.Form):
    overlap_hours = forms.TypedChoiceField(
        label="How much longer the secret of today opens doors",
        choices=list(OVERLAPS.items()),
        coerce=int,
        initial=24,
        widget=UnfoldAdminSelectWidget,
    )

    @property
    def overlap(self) -> timedelta:
        return timedelta(hours=self.cleaned_data["overlap_hours"])


class NewTenantForm(forms.ModelForm):
    """A shop with its first member of staff and, if wanted, its first key."""

    username = forms.CharField(
        max_length=150, widget=UnfoldAdminTextInputWidget, help_text="Of the shop's first member of staff."
    )
    password = forms.CharField(widget=UnfoldAdminPasswordWidget, strip=False)
    makes_key = forms.BooleanField(
        label="Make an API key",
        required=False,
        initial=True,
        help_text="With every scope; shown once, on the next page.",
    )

    class Meta:
        model = Tenant
        fields = ("name", "slug")

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if User.objects.filter(username=username).exists():
            raise forms.ValidationError("Somebody has this name.")
        return username

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password
