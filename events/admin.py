"""The archive, to be looked at: nobody changes what happened."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.paginator import InfinitePaginator

from events.models import Interaction, TrendWeights
from events.shoppers import admin as _shoppers  # noqa: F401  registers itself; the admin looks for it here
from sdr import clock
from sdr.accounts.models import Tenant, User
from sdr.accounts.tenancy import OwnTenantAdmin

_SPANS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=31)}


class OccurredFilter(admin.SimpleListFilter):
    title = "when"
    parameter_name = "within"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, f"The last {name}") for name in _SPANS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Interaction]) -> QuerySet[Interaction]:
        span = _SPANS.get(self.value() or "")
        return queryset if span is None else queryset.filter(occurred_at__gte=clock.now() - span)


@admin.register(Interaction)
class InteractionAdmin(OwnTenantAdmin):
    """Every question goes through an index, and nothing is counted: there are as many rows as there were events."""

    list_display = ("occurred_at", "kind", "product", "sku", "user", "session_id", "value", "tenant")
    list_filter = (OccurredFilter, "kind", "tenant")
    list_select_related = ("tenant", "product", "user")
    list_per_page = 50
    search_fields = ("session_id",)  # for the box to be there; see get_search_results
    search_help_text = "A whole user id, session id or event id"
    ordering = ("-occurred_at", "-id")
    sortable_by = ()
    paginator = InfinitePaginator
    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip().replace("\0", "")
        return (queryset.filter(_named(term)) if term else queryset), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _named(term: str) -> Q:
    # People and tenants first: a condition across tables would keep Postgres from its indexes.
    people = list(User.objects.filter(external_id=term).values_list("pk", flat=True))
    condition = Q(session_id=term) | Q(user_id__in=people)
    try:
        return condition | Q(event_id=UUID(term), tenant_id__in=list(Tenant.objects.values_list("pk", flat=True)))
    except ValueError:
        return condition


@admin.register(TrendWeights)
class TrendWeightsAdmin(OwnTenantAdmin):
    list_display = ("tenant", "view", "click", "wishlist", "add_to_cart", "purchase")
