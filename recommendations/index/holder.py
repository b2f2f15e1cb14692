"""What requests read: one :class:`Serving` per tenant, replaced as a whole."""

import threading
from dataclasses import dataclass, replace

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections

from recommendations.engine.hotness import Hotness
from recommendations.engine.pages import Shop
from recommendations.engine.weights import ScoringWeights
from recommendations.index import pointer, registry, store
from recommendations.index.artifact import BadArtifact
from recommendations.index.index import Index, load_index
from recommendations.models import ScoringProfile
from sdr.exceptions import IndexNotReady

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Serving:
    """One version of the index with its live side. Read it once per request: the next one may be another."""

    index: Index
    hotness: Hotness
    weights: ScoringWeights

    @property
    def shop(self) -> Shop:
        return Shop(self.index.catalogue, self.index.similarity, self.hotness, self.weights)


class Holder:
    """The servings of one process. Reading takes no lock; ``writing`` keeps the index and the mirror from crossing."""

    def __init__(self) -> None:
        self._servings: dict[str, Serving] = {}
        self._refused: set[str] = set()
        self.writing = threading.RLock()

    def current(self, tenant: str) -> Serving:
        """Return the tenant's serving, loading it on first use; raises IndexNotReady."""
        serving = self._servings.get(tenant)
        if serving is None:
            with self.writing:
                self.refresh(tenant)
                serving = self._servings.get(tenant)
        if serving is None:
            raise IndexNotReady("There is no index yet: run `manage.py rebuild_index`.", retry_after_seconds=5)
        return serving

    def held(self, tenant: str) -> Serving | None:
        """Return the tenant's serving if it is loaded."""
        return self._servings.get(tenant)

    def tenants(self) -> list[str]:
        return list(self._servings)

    def put_hotness(self, tenant: str, hotness: Hotness) -> None:
        """Exchange the live side, unless the index was exchanged meanwhile. Call it while ``writing``."""
        held = self._servings[tenant]
        if held.index.catalogue is hotness.catalogue:
            self._servings[tenant] = replace(held, hotness=hotness)

    def refresh(self, tenant: str) -> None:
        """Load what is active now, if it is not loaded yet. The live values go along."""
        version, weights = _what_is_active(tenant)
        held = self._servings.get(tenant)
        if version and version not in self._refused and (held is None or held.index.version != version):
            self._load(tenant, version, weights)
        elif held and weights and weights != held.weights:
            with self.writing:
                self._servings[tenant] = replace(self._servings[tenant], weights=weights)

    def _load(self, tenant: str, version: str, weights: ScoringWeights | None) -> None:
        try:
            index = load_index(store.fetch(tenant, version), tenant=tenant)
        except BadArtifact as error:
            # The one that serves goes on; asking again every second would only fill the log.
            self._refused.add(version)
            log.error("index refused", tenant=tenant, version=version, reason=str(error))
            return
        with self.writing:
            held = self._servings.get(tenant)
            hotness = held.hotness.carried_to(index.catalogue) if held else Hotness.cold(index.catalogue)
            self._servings[tenant] = Serving(index, hotness, weights or ScoringWeights())
        log.info("index loaded", tenant=tenant, version=version, n_products=index.artifact.manifest.n_products)


def _what_is_active(tenant: str) -> tuple[str | None, ScoringWeights | None]:
    """Ask the registry; without Postgres, the pointer that it leaves beside the artifacts."""
    close_old_connections()
    try:
        version = registry.active_version(tenant)
        profile = ScoringProfile.objects.filter(tenant__slug=tenant).first()
    except (DatabaseError, InterfaceError) as error:
        log.warning("registry unreachable", tenant=tenant, reason=str(error).strip())
        return pointer.read(tenant), None
    return (version.artifact_name if version else None), profile.weights() if profile else ScoringWeights()
