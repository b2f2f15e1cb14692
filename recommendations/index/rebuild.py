"""Build, then activate: one builder per tenant at a time."""

import structlog

from recommendations.index import registry
from recommendations.index.build import Progress, build_index, silent
from sdr.accounts.models import Tenant

log = structlog.get_logger(__name__)


def rebuild(tenant: Tenant, *, on_progress: Progress = silent) -> str | None:
    """Return the name of the version that was built, None if another builder is at it."""
    with registry.building(tenant) as is_ours:
        if not is_ours:
            log.info("index is being built already", tenant=tenant.slug)
            return None
        version = build_index(tenant, on_progress=on_progress)
        serves = registry.activate(version)
    seconds = round(version.build_seconds, 2)
    log.info("index built", tenant=tenant.slug, n_products=version.n_products, seconds=seconds, serves=serves)
    return version.artifact_name
