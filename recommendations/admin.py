"""The merchandiser's side of recommendations."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from recommendations.models import IndexVersion, ScoringProfile


@admin.register(IndexVersion)
class IndexVersionAdmin(ModelAdmin):
    list_display = ("artifact_name", "tenant", "status", "n_products", "build_seconds", "created_at", "activated_at")
    list_filter = ("tenant", "status")

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: IndexVersion | None = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: IndexVersion | None = None) -> bool:
        return False


@admin.register(ScoringProfile)
class ScoringProfileAdmin(ModelAdmin):
    list_display = ("tenant", "content", "trend", "trend_clicks", "trend_rating", "hide_out_of_stock")
