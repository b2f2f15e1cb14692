"""Tenants, people and keys."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.paginator import InfinitePaginator

from sdr.accounts import services
from sdr.accounts.forms import NewTenantForm
from sdr.accounts.key_admin import secret_page
from sdr.accounts.models import Scope, Tenant, User
from sdr.accounts.tenancy import OwnTenantAdmin

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    pass


@admin.register(Tenant)
class TenantAdmin(ModelAdmin):
    """A new shop comes with its first member of staff and, if wanted, its first key."""

    list_display = ("name", "slug", "is_active", "created_at")
    search_fields = ("name", "slug")
    fields = ("name", "slug", "is_active")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        return super().get_form(request, obj, change, **({} if obj else {"form": NewTenantForm}) | kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Tenant | None = None) -> Any:
        if obj:
            return super().get_fieldsets(request, obj)
        staff = ("username", "password", "makes_key")
        return ((None, {"fields": ("name", "slug")}), ("The first to sign in", {"fields": staff}))

    def get_readonly_fields(self, request: HttpRequest, obj: Tenant | None = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Tenant | None = None) -> bool:
        return False  # its catalogue would go along: close it with is_active instead

    def save_model(self, request: HttpRequest, obj: Tenant, form: Any, change: Any) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        answers = form.cleaned_data
        services.open_tenant(obj, username=answers["username"], password=answers["password"])
        if answers["makes_key"]:
            vars(request)["key"] = services.create_key(obj, Scope.values, name="first key")

    def response_add(self, request: HttpRequest, obj: Tenant, post_url_continue: str | None = None) -> HttpResponse:
        if "key" in vars(request):
            return secret_page(self.admin_site, request, *vars(request)["key"])
        return super().response_add(request, obj, post_url_continue)


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
    fieldsets = (*(DjangoUserAdmin.fieldsets or ()), ("Shop", {"fields": ("tenant", "external_id")}))
    add_fieldsets = (*DjangoUserAdmin.add_fieldsets, ("Shop", {"fields": ("tenant", "external_id")}))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Shoppers are erased, on a page of their own: deleting the row alone would leave their name elsewhere.
        return super().has_delete_permission(request, obj) and (obj is None or obj.external_id is None)

    def get_actions(self, request: HttpRequest) -> Any:
        """Leave out the deletion of many at once, which would not ask for each of them."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        # A shop's staff must not set the password of somebody who sees every shop.
        users = super().get_queryset(request)
        return users if request.user.is_superuser else users.filter(is_superuser=False)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Whoever may grant these may take over every tenant.
        granted = ("is_superuser", "groups", "user_permissions", "tenant")
        return () if request.user.is_superuser else granted
