"""Scoring profiles: a tenant's weights, and what other weights would show, before they are saved."""

import re
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.http import require_POST

from recommendations import preview, serving
from recommendations.models import ScoringProfile
from sdr.accounts.tenancy import OwnTenantAdmin
from sdr.exceptions import IndexNotReady

MAX_SKUS = 10
# Where a field's own name says little to who did not write the code.
_LABELS = {
    "content": "Likeness",
    "trend_clicks": "Clicks in the trend",
    "trend_rating": "Ratings in the trend",
    "min_peak_weight": "Clicks of a full trend",
    "n_hot_candidates": "Hot products considered",
    "behaviour": "Own behaviour",
    "user_behaviour": "Own behaviour (user page)",
    "user_trend": "Trend (user page)",
    "recent": "Products met lately",
    "preference": "Categories they like",
    "recency_decay": "What a step back leaves",
    "n_recent": "Recent products considered",
    "sequence": "What shoppers went on to",
    "user_sequence": "What shoppers went on to (user page)",
    "sequence_bought": "Bought together, beside viewed next",
    "n_sequence": "Products they come from",
    "sequence_decay": "What a step back leaves of that",
    "min_sequence_weight": "Times that make a rule",
    "field_name": "A word in the name",
    "field_category": "A word in the category",
    "field_tags": "A tag",
    "field_description": "A word in the description",
    "hide_out_of_stock": "Hide what is out of stock",
    "hide_purchased": "Hide what they bought",
}


@admin.register(ScoringProfile)
class ScoringProfileAdmin(OwnTenantAdmin):
    list_display = ("tenant", "content", "trend", "trend_clicks", "trend_rating", "hide_out_of_stock")
    list_select_related = ("tenant",)
    change_form_after_template = "recommendations/admin/preview_form.html"
    warn_unsaved_form = True

    def get_readonly_fields(self, request: HttpRequest, obj: ScoringProfile | None = None) -> tuple[str, ...]:
        return ("tenant",) if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"tenant": request.user.tenant_id} | super().get_changeform_initial_data(request)  # type: ignore[union-attr]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002  Django's signature
        return super().get_form(request, obj, change, **kwargs | {"labels": _LABELS})

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(require_POST(self.preview))
        return [
            path("add/preview/", view, name="recommendations_scoringprofile_add_preview"),
            path("<int:profile_id>/change/preview/", view, name="recommendations_scoringprofile_preview"),
            *super().get_urls(),
        ]

    def preview(self, request: HttpRequest, profile_id: int | None = None) -> HttpResponse:
        """Answer with a piece of the page: sample lists by the weights that serve, beside those of the form."""
        profile = get_object_or_404(self.get_queryset(request), pk=profile_id) if profile_id else None
        allowed = self.has_change_permission(request, profile) if profile else self.has_add_permission(request)
        if not allowed:
            raise PermissionDenied
        form = self.get_form(request, profile)(request.POST, instance=profile)
        if not form.is_valid():
            return _answer(request, {"errors": form.errors})
        edited = form.save(commit=False)
        return _answer(request, _compared(edited, re.split(r"[\s,;]+", request.POST.get("preview_skus", ""))))


def _compared(edited: ScoringProfile, skus: list[str]) -> dict[str, Any]:
    wanted = [sku for sku in skus if sku]
    tenant = edited.tenant
    try:
        now, _ = serving.current(tenant.slug)
    except IndexNotReady:
        return {"problem": f"{tenant.name} has no index yet: build one first, under Index versions."}
    rows, unknown = preview.sample_rows(now, wanted[:MAX_SKUS])
    return {
        "samples": preview.compare(now, edited.weights(), rows, tenant),
        "unknown": unknown,
        "n_left_out": max(0, len(wanted) - MAX_SKUS),
        "is_unchanged": edited.weights() == now.weights,
    }


def _answer(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, "recommendations/admin/preview.html", context)
