"""Build, then activate: one builder per tenant at a time. And what people do to it: pin, go back, unpin."""

import time
import uuid

import structlog

from recommendations.index import blocks, registry, store
from recommendations.index.artifact import BadArtifact
from recommendations.index.build import Progress, finish, neighbours_of, silent, write_draft
from recommendations.index.lease import Lease, building, held
from recommendations.index.overlay.folding import folded_in
from recommendations.models import IndexVersion
from recommendations.quality import gate
from sdr.accounts.models import Tenant

log = structlog.get_logger(__name__)


def rebuild(tenant: Tenant, *, on_progress: Progress = silent, send: blocks.Send | None = None) -> str | None:
    """Return the name of the version that was built, None if it is being built elsewhere.

    With ``send``, a big catalogue's neighbours are found by all workers (see :mod:`.blocks`), and this returns early.
    """
    with building(tenant) as lease:
        if lease is None:
            log.info("index is being built already", tenant=tenant.slug)
            return None
        version = _build(tenant, lease, on_progress, send)
        if version is None:
            return None
        serves = serve(version)
        registry.prune(tenant)
    seconds = round(version.build_seconds, 2)
    log.info("index built", tenant=tenant.slug, n_products=version.n_products, seconds=seconds, serves=serves)
    return version.artifact_name


def join(tenant: Tenant, token: uuid.UUID) -> str | None:
    """Make an index of a spread build's blocks and let it serve; return its name, None if the build has ended."""
    lease = Lease(tenant.pk, token)
    build = lease.row.first()
    if build is None:
        return None
    with held(lease):
        version = blocks.join(tenant, lease, build)
        serves = serve(version)
        blocks.clear(tenant, build)
        registry.prune(tenant)
    log.info("index built by blocks", tenant=tenant.slug, n_products=version.n_products, serves=serves)
    return version.artifact_name


def serve(version: IndexVersion, *, max_cases: int | None = None) -> bool:
    """Let a version that was just built serve, unless a newer or a pinned one does; return whether it does.

    It is put to the archive first, with ``max_cases``, and set aside if its lists are worse than those that serve.
    Raises BadArtifact if it cannot be read. In both cases what served before goes on.
    """
    _make_ready(version)
    while True:
        current = registry.active_version(version.tenant.slug)
        verdict = gate.judge(version, current, max_cases=max_cases)
        if verdict.is_worse:
            registry.set_aside(version, verdict.reason)
            log.error("index is worse", tenant=version.tenant.slug, version=str(version), reason=verdict.reason)
            return False
        try:
            with folded_in(version):  # what was edited during the build is in it from the first moment
                return registry.activate(version, judged_against=current)
        except registry.Superseded:
            log.info("index judged again", tenant=version.tenant.slug, version=str(version))


def pin(version: IndexVersion) -> None:
    """Let ``version`` serve, however old it is, until it is unpinned. Raises BadArtifact, NotFound."""
    _make_ready(version)
    with folded_in(version):
        registry.pin(version)
    log.info("index pinned", tenant=version.tenant.slug, version=version.artifact_name)


def unpin(tenant: Tenant) -> IndexVersion | None:
    """Let the newest good version serve, and those that will be built; return what serves now."""
    registry.unpin(tenant)
    for version in registry.newest_first(tenant):
        try:
            if version.status == IndexVersion.Status.ACTIVE or _serve_unjudged(version):
                break
        except BadArtifact:
            continue  # refused and said so; the next one may be better
    return registry.active_version(tenant.slug)


def _serve_unjudged(version: IndexVersion) -> bool:
    """Let a version serve that was judged when it was built. Raises BadArtifact."""
    _make_ready(version)
    with folded_in(version):
        return registry.activate(version)


def _build(tenant: Tenant, lease: Lease, on_progress: Progress, send: blocks.Send | None) -> IndexVersion | None:
    def tell(step: str, n_done: int, n_total: int) -> None:
        lease.report(step, n_done, n_total)
        on_progress(step, n_done, n_total)

    started = time.perf_counter()
    registry.clear_leftovers(tenant)
    with store.scratch(tenant.slug) as directory:
        draft = write_draft(tenant, directory, tell)
        if send and blocks.is_worth_it(draft):
            blocks.spread(tenant, lease, draft, directory, send)
            return None
        version = finish(tenant, draft, neighbours_of(draft, range(draft.vectors.shape[0]), tell), directory, tell)
    version.build_seconds = time.perf_counter() - started
    version.save()
    return version


def _make_ready(version: IndexVersion) -> None:
    """Read the artifact as it was published: half an upload, or one that has rotted, must not serve."""
    try:
        store.check(version.tenant.slug, version.artifact_name)
    except BadArtifact as error:
        registry.refuse(version, str(error))
        log.error("index refused", tenant=version.tenant.slug, version=version.artifact_name, reason=str(error))
        raise
