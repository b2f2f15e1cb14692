"""Shoppers: what they like and hide, to be changed; what they did, to be looked at; export and erasure."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.paginator import InfinitePaginator

from catalog.models import Product
from events.live.base import Rejected
from events.models import Shopper
from events.shoppers.erasing import Receipt, erase_user
from events.shoppers.export import export_user, live_state_of
from events.shoppers.forms import ShopperForm
from sdr.accounts.tenancy import OwnTenantAdmin
from sdr.exceptions import Unavailable

_N_LATEST = 20
_PREFERENCES = ("favorite_categories", "hidden_categories", "category_weights")


@admin.register(Shopper)
class ShopperAdmin(OwnTenantAdmin):
    """Nobody is deleted here: erasure also reaches the live state, the archive and Kafka."""

    form = ShopperForm
    list_display = ("external_id", "tenant", "n_hidden", "date_joined")
    list_filter = ("tenant",)
    list_select_related = ("tenant",)
    search_fields = ("external_id",)  # for the box to be there; see get_search_results
    search_help_text = "A whole user id"
    ordering = ("-id",)
    paginator = InfinitePaginator
    show_full_result_count = False
    actions = None
    actions_detail = ("export", "erase")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shopper]:
        return super().get_queryset(request).exclude(external_id=None)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Shopper], search_term: str
    ) -> tuple[QuerySet[Shopper], bool]:
        term = search_term.strip().replace("\0", "")
        return (queryset.filter(external_id=term) if term else queryset), False

    def get_fieldsets(self, request: HttpRequest, obj: Shopper | None = None) -> Any:
        who = (None, {"fields": ("tenant", "external_id")})
        chosen = ("Preferences", {"fields": _PREFERENCES})
        return (who, chosen, ("What is known", {"fields": ("live_state", "history")})) if obj else (who, chosen)

    def get_readonly_fields(self, request: HttpRequest, obj: Shopper | None = None) -> tuple[str, ...]:
        return ("tenant", "external_id", "live_state", "history", "date_joined") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_erase_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm("events.delete_shopper"))

    @admin.display(description="hidden categories")
    def n_hidden(self, shopper: Shopper) -> int:
        return len(shopper.preferences.get("hidden_categories", ()))

    @admin.display(description="live state")
    def live_state(self, shopper: Shopper) -> str:
        """Show what answers go by now."""
        try:
            known = live_state_of(shopper.tenant, str(shopper.external_id))
        except (Unavailable, Rejected) as error:
            return f"Not to be had now: {error}"
        notes = [note for part in known.values() for note in part]
        return render_to_string(
            "events/admin/live_state.html", known | {"products": _names(note["product_id"] for note in notes)}
        )

    @admin.display(description="latest events")
    def history(self, shopper: Shopper) -> str:
        latest = list(shopper.behavior_history[:_N_LATEST])
        return render_to_string(
            "events/admin/history.html", {"latest": latest, "products": _names(event.product_id for event in latest)}
        )

    @action(description="Export", url_path="export", permissions=["view"], icon="download")
    def export(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """Ask, and on POST send everything that is known as a file."""
        shopper = self._shopper(request, object_id)
        if request.method != "POST":
            return self._ask(request, shopper, "export")
        try:
            parts = export_user(shopper.tenant, str(shopper.external_id))
        except Unavailable as error:
            self.message_user(request, f"There is no export now, for it would not be complete. {error}", messages.ERROR)
            return HttpResponseRedirect(reverse("admin:events_shopper_change", args=[shopper.pk]))
        answer = StreamingHttpResponse(parts, content_type="application/json")
        answer["Content-Disposition"] = f'attachment; filename="shopper-{shopper.pk}.json"'
        return answer

    @action(
        description="Erase", url_path="erase", permissions=["erase"], icon="person_remove", variant=ActionVariant.DANGER
    )
    def erase(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """Ask, and on POST erase."""
        shopper = self._shopper(request, object_id)
        if request.method != "POST":
            return self._ask(request, shopper, "erase")
        receipt = erase_user(shopper.tenant, str(shopper.external_id))
        self.message_user(request, _receipt_text(receipt), messages.WARNING if receipt.pending else messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:events_shopper_changelist"))

    def _shopper(self, request: HttpRequest, object_id: int) -> Shopper:
        """Return one of the shoppers this person may see: another tenant's is not found."""
        return get_object_or_404(self.get_queryset(request).select_related("tenant"), pk=object_id)

    def _ask(self, request: HttpRequest, shopper: Shopper, what: str) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"{what.capitalize()} {shopper}",
            "opts": self.opts,
            "shopper": shopper,
            "what": what,
        }
        return TemplateResponse(request, "events/admin/confirm.html", context)


def _names(product_ids: Iterable[int | None]) -> dict[int, str]:
    return dict(Product.all_objects.filter(pk__in={pk for pk in product_ids if pk}).values_list("pk", "name"))


def _receipt_text(receipt: Receipt) -> str:
    text = (
        f"Erased. Events that are nobody's now: {receipt.n_interactions}. Gone: sessions {receipt.n_sessions}, "
        f"notes of the live state {receipt.live_state.n_recent + receipt.live_state.n_marks}."
    )
    pending = " and ".join(receipt.pending)
    return f"{text} Still to be told, within seconds of being back: {pending}." if pending else text
