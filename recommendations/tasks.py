"""The index follows the catalogue."""

from celery import shared_task

from recommendations.index import registry
from recommendations.index.rebuild import rebuild
from sdr.accounts.models import Tenant


@shared_task
def rebuild_changed_indexes() -> None:
    """Ask for a rebuild of each tenant whose catalogue has changed. Celery beat calls this every few minutes."""
    for tenant in Tenant.objects.filter(is_active=True):
        if registry.is_outdated(tenant):
            rebuild_index.delay(tenant.slug)


@shared_task
def rebuild_index(tenant_slug: str) -> str | None:
    """Build and activate the tenant's index; return the version's name, None if another builder is at it."""
    return rebuild(Tenant.objects.get(slug=tenant_slug))
