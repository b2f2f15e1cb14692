"""Which version serves: activation, pinning, and the few that are kept to go back to."""

from types import EllipsisType
from typing import Any

from django.conf import settings
from django.db import transaction

from catalog import selectors
from recommendations.index import pointer, store
from recommendations.models import IndexVersion
from sdr import clock
from sdr.accounts.models import Tenant
from sdr.exceptions import NotFound

Status = IndexVersion.Status


class Superseded(Exception):
    """Another version serves than the one that was looked at before: look again."""


def active_version(tenant_slug: str) -> IndexVersion | None:
    """Return the version that serves the tenant, None before the first."""
    return IndexVersion.objects.filter(tenant__slug=tenant_slug, status=Status.ACTIVE).first()


def version_named(tenant: Tenant, name: str) -> IndexVersion:
    version = IndexVersion.objects.filter(tenant=tenant, artifact_name=name).select_related("tenant").first()
    if version is None:
        raise NotFound(f"There is no index {name!r} of {tenant.slug}; only the last few are kept.")
    return version


def activate(version: IndexVersion, *, judged_against: IndexVersion | EllipsisType | None = ...) -> bool:
    """Let ``version`` serve, unless one with a newer view of the catalogue or a pinned one does; return whether.

    Raises Superseded if it was ``judged_against`` another version (None: none) than the one that serves by now.
    """
    with transaction.atomic():
        _lock(version.tenant)
        current = active_version(version.tenant.slug)
        if judged_against is not ... and judged_against != current:
            raise Superseded
        is_other = current and current.pk != version.pk
        if current and is_other and (current.is_pinned or current.catalogue_marker > version.catalogue_marker):
            return False
        _exchange(current, version, pinned=bool(current and not is_other and current.is_pinned))
    return True


def pin(version: IndexVersion) -> None:
    """Let ``version`` serve, however old it is, until somebody unpins it. Raises NotFound if it was just removed."""
    with transaction.atomic():
        _lock(version.tenant)
        version = version_named(version.tenant, version.artifact_name)
        _exchange(active_version(version.tenant.slug), version, pinned=True)


def unpin(tenant: Tenant) -> None:
    """Let newer versions serve again; activating one is the caller's business."""
    with transaction.atomic():
        _lock(tenant)
        IndexVersion.objects.filter(tenant=tenant, is_pinned=True).update(is_pinned=False)


def refuse(version: IndexVersion, reason: str) -> None:
    """Note that the version's artifact is bad. One that serves goes on: processes hold what they have loaded."""
    row = IndexVersion.objects.filter(pk=version.pk)
    row.update(refusal=reason)
    row.exclude(status=Status.ACTIVE).update(status=Status.REFUSED)


def set_aside(version: IndexVersion, reason: str) -> None:
    """Note that the version's lists are worse than those that serve: it waits until somebody pins it nevertheless."""
    row = IndexVersion.objects.filter(pk=version.pk, status__in=[Status.BUILT, Status.WORSE])
    row.update(status=Status.WORSE, refusal=reason)


def note_quality(version: IndexVersion, metrics: dict[str, dict[str, float]], *, n_cases: int, note: str = "") -> None:
    """Write down how good the version's lists were found: fractions by scorer and metric, on how many cases."""
    # By key, for the row may have been pruned meanwhile.
    IndexVersion.objects.filter(pk=version.pk).update(
        offline_metrics=metrics, n_cases=n_cases, evaluation_note=note, evaluated_at=clock.now()
    )


def newest_first(tenant: Tenant, *, even_worse: bool = False) -> list[IndexVersion]:
    """Return the versions that may serve, those with the newest view of the catalogue first."""
    versions = IndexVersion.objects.filter(tenant=tenant).exclude(status=Status.REFUSED)
    if not even_worse:
        versions = versions.exclude(status=Status.WORSE)
    return list(versions.select_related("tenant").order_by("-catalogue_marker", "-created_at"))


def is_outdated(tenant: Tenant, parameters: dict[str, Any] | None = None) -> bool:
    """Return whether the newest version lacks a change of the catalogue, or was made with other than ``parameters``.

    The newest and not the active one: while an old one is pinned, nothing is built that is there already. One that was
    found worse counts too: built again of the same catalogue it would be no better.
    """
    newest = next(iter(newest_first(tenant, even_worse=True)), None)
    if newest and parameters and newest.parameters != parameters:
        return True
    return selectors.changed_since(tenant.pk, newest.catalogue_marker if newest else None)


def prune(tenant: Tenant) -> None:
    """Forget all but the newest versions and the one that serves; of those that were found worse keep the newest."""
    with transaction.atomic():
        _lock(tenant)  # nobody activates what is being removed
        versions = IndexVersion.objects.filter(tenant=tenant)
        by_age = versions.order_by("-created_at").values_list("pk", flat=True)
        worse = by_age.filter(status=Status.WORSE)
        keep = {*by_age.exclude(status=Status.WORSE)[: settings.INDEX_VERSIONS_KEPT], *worse[:1]}
        others = versions.exclude(pk__in=keep).exclude(status=Status.ACTIVE)
        names = list(others.values_list("artifact_name", flat=True))
        others.delete()
    # Rows first: a row without an artifact could be chosen; an artifact without a row is cleared by the next build.
    for name in names:
        store.remove(tenant.slug, name)


def clear_leftovers(tenant: Tenant) -> None:
    """Remove what builds that were killed have left. Call it as the tenant's builder: a build under way looks alike."""
    registered = set(IndexVersion.objects.filter(tenant=tenant).values_list("artifact_name", flat=True))
    for name in store.names(tenant.slug) - registered:
        store.remove(tenant.slug, name)
    store.clear_scratch(tenant.slug)


def _lock(tenant: Tenant) -> None:
    # Without the key: rows that refer to the tenant may be written meanwhile.
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)


def _exchange(current: IndexVersion | None, version: IndexVersion, *, pinned: bool) -> None:
    if current and current.pk != version.pk:
        current.status, current.is_pinned = Status.RETIRED, False
        current.save(update_fields=["status", "is_pinned"])
    version.status, version.is_pinned, version.refusal = Status.ACTIVE, pinned, ""
    version.activated_at = clock.now()
    version.save(update_fields=["status", "is_pinned", "refusal", "activated_at"])
    # Under the lock, so that of two activations at once the later one also writes the pointer later.
    pointer.write(version.tenant.slug, version.artifact_name)
