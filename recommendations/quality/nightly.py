"""Once a night: how good the lists are that serve, and the newest that do not, by what shoppers did since."""

from contextlib import suppress

import structlog
from django.conf import settings

from recommendations.index import rebuild, registry
from recommendations.index.artifact import BadArtifact
from recommendations.models import IndexVersion
from recommendations.quality import gate
from recommendations.quality.measure import TooFewCases
from sdr.accounts.models import Tenant

log = structlog.get_logger(__name__)

Status = IndexVersion.Status


def evaluate(tenant: Tenant) -> None:
    """Write figures onto the tenant's active version, and onto the newest one that waits, on more cases than a build.

    One that was found worse and is not any more serves from now on, unless one is pinned; one that is worse by now is
    set aside. Raises BadArtifact for an active version that cannot be read.
    """
    active = registry.active_version(tenant.slug)
    if active is None:
        return
    waiting = _waiting(tenant, active)
    if waiting is None:
        with suppress(TooFewCases):  # which was noted
            gate.evaluate(active, max_cases=settings.QUALITY_NIGHTLY_CASES)
        return
    try:
        serves = rebuild.serve(waiting, max_cases=settings.QUALITY_NIGHTLY_CASES)
    except BadArtifact:
        return  # refused and said so
    log.info("index evaluated", tenant=tenant.slug, version=str(active), waiting=str(waiting), waiting_serves=serves)


def _waiting(tenant: Tenant, active: IndexVersion) -> IndexVersion | None:
    """Return the newest version whose view of the catalogue is no older than that of the one that serves."""
    newest = next(iter(registry.newest_first(tenant, even_worse=True)), None)
    is_newer = newest and newest.pk != active.pk and newest.created_at > active.created_at
    return newest if newest and is_newer and newest.status in {Status.BUILT, Status.WORSE} else None
