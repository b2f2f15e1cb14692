"""Which version serves: activation, and the few that are kept to go back to."""

import contextlib
from collections.abc import Iterator

from django.conf import settings
from django.db import connection, transaction

from catalog import selectors
from recommendations.index import pointer, store
from recommendations.models import IndexVersion
from sdr import clock
from sdr.accounts.models import Tenant

# The first half of a Postgres advisory lock's key; the second is the tenant's id.
_BUILD_LOCK = 5_347


def active_version(tenant_slug: str) -> IndexVersion | None:
    """Return the version that serves the tenant, None before the first."""
    return IndexVersion.objects.filter(tenant__slug=tenant_slug, status=IndexVersion.Status.ACTIVE).first()


def activate(version: IndexVersion) -> bool:
    """Let ``version`` serve, unless one with a newer view of the catalogue already does; return whether it does."""
    with transaction.atomic():
        # Without the key: rows that refer to the tenant may be written meanwhile.
        Tenant.objects.select_for_update(no_key=True).get(pk=version.tenant_id)
        current = active_version(version.tenant.slug)
        if current and current.catalogue_marker > version.catalogue_marker:
            return False
        if current:
            current.status = IndexVersion.Status.RETIRED
            current.save(update_fields=["status"])
        version.status, version.activated_at = IndexVersion.Status.ACTIVE, clock.now()
        version.save(update_fields=["status", "activated_at"])
        # Under the lock, so that of two activations at once the later one also writes the pointer later.
        pointer.write(version.tenant.slug, version.artifact_name)
    _prune(version.tenant)
    return True


def is_outdated(tenant: Tenant) -> bool:
    """Return whether the catalogue has changed since the active version read it, or there is none yet."""
    current = active_version(tenant.slug)
    return selectors.changed_since(tenant.pk, current.catalogue_marker if current else None)


@contextlib.contextmanager
def building(tenant: Tenant) -> Iterator[bool]:
    """Give True to one builder per tenant at a time, False to the others. A builder's death frees the place."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_BUILD_LOCK, tenant.pk])
        (is_ours,) = cursor.fetchone()
        try:
            yield is_ours
        finally:
            if is_ours:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_BUILD_LOCK, tenant.pk])


def _prune(tenant: Tenant) -> None:
    """Forget all but the newest versions; the row goes last, so that no artifact is left without one."""
    keep = IndexVersion.objects.filter(tenant=tenant).order_by("-created_at")[: settings.INDEX_VERSIONS_KEPT]
    others = IndexVersion.objects.filter(tenant=tenant).exclude(pk__in=[version.pk for version in keep])
    for version in others.exclude(status=IndexVersion.Status.ACTIVE):
        store.remove(tenant.slug, version.artifact_name)
        version.delete()
