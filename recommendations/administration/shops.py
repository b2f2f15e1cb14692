"""Where each shop's index stands, as the admin tells it."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.timesince import timesince

from recommendations.index import registry
from recommendations.models import IndexBuild, IndexVersion
from sdr.accounts.models import Tenant

# More than anybody reads; the list's filter leads to each.
MAX_SHOPS = 20

_STEPS = {
    "": "starting",
    "read": "reading the catalogue",
    "features": "weighing words",
    "neighbours": "finding neighbours",
    "publish": "publishing",
}


@dataclass(frozen=True, slots=True)
class ShopState:
    """One shop: what serves, what waits behind a pinned version or was found worse, and what is being built."""

    tenant: Tenant
    active: IndexVersion | None
    n_waiting: int
    worse: IndexVersion | None
    build: IndexBuild | None
    is_building: bool
    is_outdated: bool

    @property
    def building(self) -> str:
        """What the build is doing, in words."""
        if self.build is None:
            return ""
        done = f", {self.build.n_done:,} of {self.build.n_total:,}" if self.build.n_total > 1 else ""
        since = f" (for {timesince(self.build.started_at)})" if self.build.started_at else ""
        return f"{_STEPS.get(self.build.step, self.build.step)}{done}{since}"

    @property
    def problem(self) -> str:
        """Why the last build failed, or nothing."""
        if self.build is None or self.is_building:
            return ""
        if self.build.state == IndexBuild.State.RUNNING:
            return "The process that built it fell silent. The next rebuild takes its place."
        return self.build.problem


def states_of(tenants: QuerySet[Tenant]) -> list[ShopState]:
    return [_state(tenant) for tenant in tenants[:MAX_SHOPS]]


def _state(tenant: Tenant) -> ShopState:
    active = registry.active_version(tenant.slug)
    kept = IndexVersion.objects.filter(tenant=tenant)
    newer = kept.filter(created_at__gt=active.created_at) if active else kept.none()
    waiting = newer.exclude(status__in=[IndexVersion.Status.REFUSED, IndexVersion.Status.WORSE])
    build = IndexBuild.objects.filter(tenant=tenant).first()
    return ShopState(
        tenant=tenant,
        active=active,
        n_waiting=waiting.count() if active and active.is_pinned else 0,
        worse=newer.filter(status=IndexVersion.Status.WORSE).first(),
        build=build,
        is_building=IndexBuild.objects.living().filter(tenant=tenant).exists(),
        is_outdated=registry.is_outdated(tenant),
    )
