"""The admin, one tenant at a time: staff see and choose what is their tenant's; superusers see everything."""

from typing import Any, cast

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from sdr.accounts.models import Tenant, User


class OwnTenantAdmin(ModelAdmin):
    """Base of every admin page whose model has a ``tenant_id``."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return limited_to_own(super().get_queryset(request), request)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        related = db_field.related_model
        if related is Tenant or _has_tenant(related):
            kwargs.setdefault("queryset", limited_to_own(related._default_manager.all(), request))  # noqa: SLF001  as Django's own
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        if not change and not _sees_all(request):
            obj.tenant_id = _tenant_id(request)
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._is_own(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_own(request, obj)

    def _is_own(self, request: HttpRequest, obj: Any) -> bool:
        if obj is None or _sees_all(request):
            return True
        if isinstance(obj, str):  # unfold asks for its buttons by the row's id
            obj = self.get_object(request, obj)
        return obj is not None and obj.tenant_id == _tenant_id(request)


def limited_to_own(rows: QuerySet[Any], request: HttpRequest) -> QuerySet[Any]:
    if _sees_all(request):
        return rows
    return rows.filter(**{"pk" if rows.model is Tenant else "tenant_id": _tenant_id(request)})


def _has_tenant(model: type[Model]) -> bool:
    return any(field.name == "tenant" for field in model._meta.concrete_fields)  # noqa: SLF001  the documented name


def _sees_all(request: HttpRequest) -> bool:
    return cast("User", request.user).is_superuser


def _tenant_id(request: HttpRequest) -> int:
    return cast("User", request.user).tenant.pk
