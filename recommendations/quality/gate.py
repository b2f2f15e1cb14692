"""Before a version serves: its lists are put to the archive, beside those of the version that serves."""

from collections.abc import Sequence

import structlog
from django.conf import settings

from recommendations.engine.weights import ScoringWeights
from recommendations.index import registry, store
from recommendations.index.artifact import BadArtifact
from recommendations.index.index import Index, load_index
from recommendations.index.overlay import store as overlays
from recommendations.index.overlay.patch import patched
from recommendations.index.overlay.segment import BadSegment
from recommendations.models import IndexVersion, ScoringProfile
from recommendations.quality.archive import read_archive
from recommendations.quality.measure import Figures, TooFewCases, measure
from recommendations.quality.verdict import Verdict, compare
from sdr.accounts.models import Tenant

log = structlog.get_logger(__name__)


def judge(candidate: IndexVersion, active: IndexVersion | None, *, max_cases: int | None = None) -> Verdict:
    """Measure both versions on the same cases, write the figures onto their rows, and return which is worse.

    Nothing is worse than no index, than one that cannot be read, or where the archive asks too little to tell; the
    reason says so. Raises BadArtifact if the candidate cannot be read.
    """
    versions, indexes = [candidate], [index_of(candidate)]
    if active and active.pk != candidate.pk:
        try:
            indexes.append(index_of(active))
            versions.append(active)
        except BadArtifact as error:
            log.warning("serving index not measured", version=active.artifact_name, reason=str(error))
    try:
        figures = _measured(versions, indexes, max_cases or settings.QUALITY_CASES)
    except TooFewCases as too_few:
        return Verdict(False, str(too_few))
    if len(figures) == 1:
        return Verdict(False, "there is no version to compare it with")
    return compare(figures[0], figures[1], settings.QUALITY_MARGIN)


def evaluate(version: IndexVersion, *, max_cases: int) -> None:
    """Write onto the version's row how good its lists are. Raises BadArtifact, TooFewCases, having noted it too."""
    _measured([version], [index_of(version)], max_cases)


def index_of(version: IndexVersion) -> Index:
    """Return the version as it serves, its overlay included unless that is bad; raises BadArtifact."""
    tenant = version.tenant.slug
    base = load_index(store.fetch(tenant, version.artifact_name), tenant=tenant, checksum=version.checksum)
    try:
        return patched(base, list(overlays.read(version.pk, {}).values()))
    except BadSegment as error:
        log.error("overlay refused", tenant=tenant, version=version.artifact_name, reason=str(error))
        return base


def _measured(versions: Sequence[IndexVersion], indexes: Sequence[Index], max_cases: int) -> list[Figures]:
    tenant = versions[0].tenant
    try:
        figures = measure(read_archive(tenant), indexes, _weights(tenant), max_cases=max_cases)
    except TooFewCases as too_few:
        # What is known of the version that serves stays: it was found when there was more to go by.
        registry.note_quality(versions[0], {}, n_cases=too_few.n_cases, note=str(too_few))
        log.info("index not evaluated", tenant=tenant.slug, version=versions[0].artifact_name, reason=str(too_few))
        raise
    for version, found in zip(versions, figures, strict=True):
        registry.note_quality(version, found.metrics, n_cases=found.n_cases)
    return figures


def _weights(tenant: Tenant) -> ScoringWeights:
    profile = ScoringProfile.objects.filter(tenant=tenant).first()
    return profile.weights() if profile else ScoringWeights()
