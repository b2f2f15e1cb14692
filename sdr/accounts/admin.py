"""Tenants, people and keys."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.paginator import InfinitePaginator

from sdr.accounts.models import ApiKey, Tenant, User
from sdr.accounts.tenancy import OwnTenantAdmin

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    pass


@admin.register(Tenant)
class TenantAdmin(ModelAdmin):
    list_display = ("name", "slug", "is_active", "created_at")
    search_fields = ("name", "slug")

    def get_readonly_fields(self, request: HttpRequest, obj: Tenant | None = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Tenant | None = None) -> bool:
        return False  # its catalogue would go along: close it with is_active instead


@admin.register(User)
class UserAdmin(DjangoUserAdmin, OwnTenantAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "external_id", "tenant", "is_staff", "is_active")
    list_filter = ("tenant", "is_staff", "is_superuser", "is_active")
    list_select_related = ("tenant",)
    search_fields = ("username", "external_id", "email")
    # There are as many rows as shoppers.
    paginator = InfinitePaginator
    show_full_result_count = False
    fieldsets = (*(DjangoUserAdmin.fieldsets or ()), ("Shop", {"fields": ("tenant", "external_id", "preferences")}))
    add_fieldsets = (*DjangoUserAdmin.add_fieldsets, ("Shop", {"fields": ("tenant", "external_id")}))

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        # A shop's staff must not set the password of somebody who sees every shop.
        users = super().get_queryset(request)
        return users if request.user.is_superuser else users.filter(is_superuser=False)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Whoever may grant these may take over every tenant.
        granted = ("is_superuser", "groups", "user_permissions", "tenant")
        return () if request.user.is_superuser else granted


@admin.register(ApiKey)
class ApiKeyAdmin(OwnTenantAdmin):
    """Keys are made by ``manage.py create_api_key``, which shows them; here they are looked over and revoked."""

    list_display = ("prefix", "name", "tenant", "scopes", "is_public", "expires_at", "last_used_at")
    list_filter = ("tenant", "is_public")
    list_select_related = ("tenant",)
    search_fields = ("name", "prefix")
    readonly_fields = ("tenant", "prefix", "scopes", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
