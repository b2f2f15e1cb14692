"""API keys in the admin: made, rotated and revoked. The secret is on the page that answers, and nowhere else."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import pluralize
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html_join
from unfold.decorators import action, display

from sdr import clock
from sdr.accounts import keys, services
from sdr.accounts.forms import ApiKeyForm, RotateForm
from sdr.accounts.models import ApiKey
from sdr.accounts.tenancy import OwnTenantAdmin

STATES = {"open": "success", "expired": "warning", "revoked": "danger"}


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Open"), ("revoked", "Revoked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        return queryset.filter(revoked_at__isnull=self.value() == "open") if self.value() else queryset


@admin.register(ApiKey)
class ApiKeyAdmin(OwnTenantAdmin):
    form = ApiKeyForm
    list_display = (
        "name_or_prefix",
        "prefix",
        "tenant",
        "state",
        "scope_list",
        "is_public",
        "expires_at",
        "last_used_at",
    )
    list_filter = (StateFilter, "is_public", "tenant")
    list_select_related = ("tenant",)
    search_fields = ("name", "prefix")
    actions = ("revoke",)
    actions_detail = ("rotate_one", "revoke_one")
    fields = ("tenant", "name", "scopes", "is_public", "allowed_origins", "rate_limit", "expires_at")

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        told = ("prefix", "state", "created_at", "last_used_at", "previous_expires_at", "revoked_at")
        return (*self.fields, *told) if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        told = ("prefix", "state", "created_at", "last_used_at", "previous_expires_at", "revoked_at")
        return ("tenant", *told) if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> Any:
        return {"tenant": getattr(request.user, "tenant_id", None)} | super().get_changeform_initial_data(request)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: Any) -> None:
        # On the request, for the page that answers it: nothing else ever holds the secret.
        vars(request)["secret"] = None if change else services.give_secret(obj)
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        return secret_page(self.admin_site, request, obj, vars(request)["secret"])

    @display(description="name", ordering="name")
    def name_or_prefix(self, key: ApiKey) -> str:
        return key.name or key.prefix

    @display(description="state", label=STATES)
    def state(self, key: ApiKey) -> str:
        if key.revoked_at:
            return "revoked"
        return "expired" if key.expires_at and key.expires_at <= clock.now() else "open"

    @display(description="scopes")
    def scope_list(self, key: ApiKey) -> str:
        return format_html_join(", ", "{}", ((scope,) for scope in key.scopes))

    @admin.action(description="Revoke the chosen keys", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        n_revoked = revoke_everywhere(queryset)
        self.message_user(request, f"{n_revoked} key{pluralize(n_revoked, ' opens,s open')} no door any more.")

    @action(description="Rotate", url_path="rotate", permissions=["change"])
    def rotate_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = self._open_key(request, object_id)
        form = RotateForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            secret = services.rotate_key(key, overlap=form.overlap)
            self.log_change(request, key, "Rotated.")
            return secret_page(self.admin_site, request, key, secret)
        words = "The key gets a new secret, which you put where the old one is now."
        return self._ask(request, key, "Rotate", words, form)

    @action(description="Revoke", url_path="revoke", permissions=["change"])
    def revoke_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = self._open_key(request, object_id)
        if request.method == "POST":
            revoke_everywhere([key])
            self.log_change(request, key, "Revoked.")
            self.message_user(request, f"{key} opens no door any more.", messages.SUCCESS)
            return redirect(_page_of(key))
        words = "Whoever uses the key is refused from the next second on. A revoked key never opens a door again."
        return self._ask(request, key, "Revoke", words, None)

    def _open_key(self, request: HttpRequest, object_id: str) -> ApiKey:
        key = self.get_object(request, object_id)
        if key is None or key.revoked_at or not self.has_change_permission(request, key):
            raise PermissionDenied
        return key

    def _ask(self, request: HttpRequest, key: ApiKey, what: str, words: str, form: Any) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": f"{what} {key}",
            "opts": self.opts,
            "what": what,
            "words": words,
            "form": form,
            "back": _page_of(key),
        }
        return TemplateResponse(request, "accounts/ask.html", context)


def revoke_everywhere(rows: Iterable[ApiKey]) -> int:
    """Revoke; where no other process tells those that start without Postgres of it, this one does."""
    n_revoked = services.revoke_keys(rows)
    keys.table()
    return n_revoked


def secret_page(site: admin.AdminSite, request: HttpRequest, key: ApiKey, secret: str) -> HttpResponse:
    """Show the key's secret, this once: the answer is not to be kept by anybody on its way."""
    context = site.each_context(request) | {
        "title": "Your API key",
        "key": key,
        "secret": secret,
        "next": _page_of(key),
    }
    return TemplateResponse(request, "accounts/secret.html", context, headers={"Cache-Control": "no-store"})


def _page_of(key: ApiKey) -> str:
    return reverse("admin:accounts_apikey_change", args=[key.pk])
