"""Index versions: which serves, going back to an older one, and building a new one now.

What builds is imported where it is used: scikit-learn would take 65 MB of every web process.
"""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.views.decorators.http import require_POST
from unfold.decorators import display

from recommendations.administration import quality
from recommendations.administration.shops import states_of
from recommendations.index.artifact import BadArtifact
from recommendations.models import IndexVersion
from sdr import clock
from sdr.accounts.models import Tenant
from sdr.accounts.tenancy import OwnTenantAdmin, limited_to_own
from sdr.exceptions import NotFound, Unavailable
from sdr.servers import check_celery

Status = IndexVersion.Status
_LABELS = {"serves": "success", "pinned": "warning", "refused": "danger", "worse": "danger", "ready": "info"}


@admin.register(IndexVersion)
class IndexVersionAdmin(OwnTenantAdmin):
    """Versions are made by builds and removed when they are old; people choose among them."""

    list_display = ("version", "tenant", "state", "products", "size", "took", "age", "lists", "remark")
    list_filter = ("tenant", "status")
    list_select_related = ("tenant",)
    search_fields = ("artifact_name",)
    list_before_template = "recommendations/admin/shops.html"
    exclude = ("offline_metrics", "n_cases", "evaluated_at", "evaluation_note")
    readonly_fields = ("quality", "evaluated")
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        def wrapped(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        return [
            path("<int:version_id>/choose/", wrapped(self.choose), name="recommendations_indexversion_choose"),
            path("shops/<int:tenant_id>/rebuild/", wrapped(require_POST(self.rebuild)), name="recommendations_rebuild"),
            path("shops/<int:tenant_id>/unpin/", wrapped(require_POST(self.unpin)), name="recommendations_unpin"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        tenants = limited_to_own(Tenant.objects.filter(is_active=True), request)
        chosen = request.GET.get("tenant__id__exact", "")
        context = {
            "shops": states_of(tenants.filter(pk=chosen) if chosen.isdecimal() else tenants),
            "may_operate": _may_operate(request),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def get_queryset(self, request: HttpRequest) -> Any:
        serving = IndexVersion.objects.filter(tenant=OuterRef("tenant"), status=Status.ACTIVE).values("created_at")
        return super().get_queryset(request).annotate(serving_since=Subquery(serving))

    def get_list_display(self, request: HttpRequest) -> Any:
        shown = super().get_list_display(request)
        return (*shown, "choice") if _may_operate(request) else shown

    def choose(self, request: HttpRequest, version_id: int) -> HttpResponse:
        """Ask whether a version shall serve until it is unpinned, and on POST let it."""
        _refuse_strangers(request)
        version = get_object_or_404(self.get_queryset(request).select_related("tenant"), pk=version_id)
        if request.method == "POST":
            return self._pin(request, version)
        context = {
            **self.admin_site.each_context(request),
            "title": "Pin this version" if version.status == Status.ACTIVE else "Go back to this version",
            "opts": self.opts,
            "version": version,
            "shop": states_of(Tenant.objects.filter(pk=version.tenant_id))[0],
        }
        return TemplateResponse(request, "recommendations/admin/choose.html", context)

    def unpin(self, request: HttpRequest, tenant_id: int) -> HttpResponse:
        """Let the newest version serve again."""
        from recommendations.index import rebuild

        tenant = _own_tenant(request, tenant_id)
        version = rebuild.unpin(tenant)
        self.message_user(request, f"{tenant.name}: index {version} serves now, and newer ones as they are built.")
        return _back_to_list()

    def rebuild(self, request: HttpRequest, tenant_id: int) -> HttpResponse:
        """Put a rebuild into the queue, and say what happens then."""
        from recommendations import tasks

        tenant = _own_tenant(request, tenant_id)
        try:
            tasks.ask_for_rebuild(tenant.slug)
            problem = check_celery()
        except Unavailable as error:
            self.message_user(request, f"{tenant.name}: nothing was started. {error}", messages.ERROR)
        else:
            self._tell_of_rebuild(request, tenant, problem)
        return _back_to_list()

    def _tell_of_rebuild(self, request: HttpRequest, tenant: Tenant, problem: str | None) -> None:
        if problem:
            text = f"{tenant.name}: the rebuild waits in the queue, but {problem}. It begins when a worker starts."
            self.message_user(request, text, messages.WARNING)
            return
        text = f"{tenant.name}: a rebuild is under way. The index that serves goes on until the new one is complete."
        self.message_user(request, text, messages.SUCCESS)

    def _pin(self, request: HttpRequest, version: IndexVersion) -> HttpResponse:
        from recommendations.index import rebuild

        try:
            rebuild.pin(version)
        except BadArtifact as error:
            text = f"Index {version} was refused, and what served before goes on. {error}"
            self.message_user(request, text, messages.ERROR)
        except NotFound as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, f"{version.tenant.name}: index {version} serves now, until it is unpinned.")
        return _back_to_list()

    @display(description="version", ordering="artifact_name")
    def version(self, version: IndexVersion) -> str:
        return version.artifact_name

    @display(description="status", ordering="status", label=_LABELS)
    def state(self, version: IndexVersion) -> tuple[str, str]:
        if version.status == Status.ACTIVE:
            return ("pinned", "serves, pinned") if version.is_pinned else ("serves", "serves")
        if version.status == Status.REFUSED:
            return ("refused", "refused")
        if version.status == Status.WORSE:
            return ("worse", "worse, set aside")
        is_newer = version.serving_since is None or version.created_at > version.serving_since  # type: ignore[attr-defined]
        return ("ready", "newer, waits") if is_newer else ("older", "older")

    @display(description="products", ordering="n_products")
    def products(self, version: IndexVersion) -> str:
        return f"{version.n_products:,}"

    @display(description="size", ordering="artifact_bytes")
    def size(self, version: IndexVersion) -> str:
        return f"{version.artifact_bytes / 1e6:,.1f} MB"

    @display(description="built in", ordering="build_seconds")
    def took(self, version: IndexVersion) -> str:
        return f"{version.build_seconds:.1f} s"

    @display(description="built", ordering="created_at")
    def age(self, version: IndexVersion) -> str:
        return f"{timesince(version.created_at, clock.now(), depth=1)} ago"

    @display(description="lists")
    def lists(self, version: IndexVersion) -> str:
        return quality.in_short(version)

    @display(description="quality of its lists")
    def quality(self, version: IndexVersion) -> SafeString | str:
        lines = format_html_join("", "{}<br>", ((line,) for line in quality.figures(version)))
        return lines or version.evaluation_note or "—"

    @display(description="evaluated")
    def evaluated(self, version: IndexVersion) -> str:
        return quality.when(version)

    @display(description="remark")
    def remark(self, version: IndexVersion) -> str:
        return version.refusal or "—"

    @display(description="")
    def choice(self, version: IndexVersion) -> SafeString | str:
        if version.is_pinned:
            return ""
        text = "Pin" if version.status == Status.ACTIVE else "Let this one serve"
        url = reverse("admin:recommendations_indexversion_choose", args=[version.pk])
        return format_html('<a class="text-primary-600 dark:text-primary-500 font-medium" href="{}">{}</a>', url, text)


def _may_operate(request: HttpRequest) -> bool:
    return request.user.has_perm("recommendations.change_indexversion")


def _refuse_strangers(request: HttpRequest) -> None:
    if not _may_operate(request):
        raise PermissionDenied


def _own_tenant(request: HttpRequest, tenant_id: int) -> Tenant:
    _refuse_strangers(request)
    return get_object_or_404(limited_to_own(Tenant.objects.filter(is_active=True), request), pk=tenant_id)


def _back_to_list() -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:recommendations_indexversion_changelist"))
