"""What requests read: one :class:`Serving` per tenant, replaced as a whole."""

import threading
import time
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field, replace

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections

from recommendations.engine.hotness import Hotness
from recommendations.engine.pages import Shop
from recommendations.engine.weights import ScoringWeights
from recommendations.index.index import Index
from recommendations.index.loading import Loaded, Loader
from recommendations.index.overlay import store as overlays
from recommendations.models import ScoringProfile
from recommendations.sequences.held import HeldLists
from sdr import patience
from sdr.exceptions import IndexNotReady

log = structlog.get_logger(__name__)

# How long a tenant without an index is believed to have none: requests meanwhile ask nobody.
ABSENT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Serving:
    """One version of the index with its live side. Read it once per request: the next one may be another."""

    index: Index
    hotness: Hotness
    weights: ScoringWeights
    # Of the tenant, whatever the index.
    lists: HeldLists
    # What the engine reads of it.
    shop: Shop = field(init=False)

    def __post_init__(self) -> None:
        shop = Shop(self.index.catalogue, self.index.similarity, self.hotness, self.weights)
        object.__setattr__(self, "shop", shop)  # frozen, but being made


class Holder:
    """The servings of one process. Reading takes no lock; ``writing`` keeps the index and the mirror from crossing."""

    def __init__(self) -> None:
        self._servings: dict[str, Serving] = {}
        self._loader = Loader()
        self._used_at: dict[str, float] = {}
        self._absent_until: dict[str, float] = {}
        self._loading: defaultdict[str, patience.Lock] = defaultdict(patience.Lock)
        self._is_registry_there = True
        self.writing = threading.RLock()

    def current(self, tenant: str) -> Serving:
        """Return the tenant's serving, loading it on first use; raises IndexNotReady."""
        self._used_at[tenant] = time.monotonic()
        serving = self._servings.get(tenant) or self._first(tenant)
        if serving is None:
            raise IndexNotReady("There is no index yet: run `manage.py rebuild_index`.", retry_after_seconds=5)
        return serving

    def held(self, tenant: str) -> Serving | None:
        """Return the tenant's serving if it is loaded; asking this way does not keep it."""
        return self._servings.get(tenant)

    def tenants(self) -> list[str]:
        return list(self._servings)

    def put_hotness(self, tenant: str, hotness: Hotness) -> None:
        """Exchange the live side, unless the index was exchanged meanwhile. Call it while ``writing``."""
        held = self._servings.get(tenant)
        if held and held.index.catalogue is hotness.catalogue:
            self._serve(tenant, replace(held, hotness=hotness))

    def refresh(self, *tenants: str) -> None:
        """Bring ``tenants``, or all that are loaded, to what is active now. The live values go along."""
        chosen = tenants or self._let_go_of_idle()
        try:
            active, weights = patience.ask(lambda: _registered(chosen))
        except (DatabaseError, InterfaceError) as error:
            self._go_on_without_registry(chosen, error)
            return
        if not self._is_registry_there:
            log.info("registry reached again")
        self._is_registry_there = True
        for followed in active:
            self._bring_safely(followed.tenant, followed, weights.get(followed.tenant, ScoringWeights()))

    def _first(self, tenant: str) -> Serving | None:
        """Load a tenant's index; who asks meanwhile waits for it, other tenants' requests do not.

        A thread that must not wait for Postgres gets None where another has long been asking.
        """
        with self._loading[tenant].held() as is_ours:
            if is_ours and tenant not in self._servings and time.monotonic() >= self._absent_until.get(tenant, 0.0):
                self.refresh(tenant)
                self._absent_until[tenant] = time.monotonic() + ABSENT_SECONDS
        return self._servings.get(tenant)

    def _go_on_without_registry(self, tenants: Collection[str], error: Exception) -> None:
        """What is loaded serves on; for the rest there is the pointer that the registry leaves beside artifacts."""
        if self._is_registry_there:
            log.warning("registry unreachable", reason=str(error).strip())
        self._is_registry_there = False
        for tenant in tenants:
            if tenant not in self._servings:
                self._bring_safely(tenant, None, ScoringWeights())

    def _bring_safely(self, tenant: str, followed: overlays.Followed | None, weights: ScoringWeights) -> None:
        try:
            loaded = self._loader.load(tenant, followed)
            if loaded is not None:
                self._exchange(tenant, loaded, weights)
        except (DatabaseError, InterfaceError) as error:
            log.warning("overlay unreachable", tenant=tenant, reason=str(error).strip())
        except Exception:  # one tenant's trouble is not the others'
            log.exception("index not refreshed", tenant=tenant)

    def _exchange(self, tenant: str, loaded: Loaded, weights: ScoringWeights) -> None:
        with self.writing:
            held = self._servings.get(tenant)
            if held and held.index is loaded.index:
                if held.weights != weights:
                    self._serve(tenant, replace(held, weights=weights))
                return
            catalogue = loaded.index.catalogue
            hotness = held.hotness.carried_to(catalogue) if held else Hotness.cold(catalogue)
            lists = held.lists if held else HeldLists(settings.SEQUENCE_LISTS_HELD)
            self._serve(tenant, Serving(loaded.index, hotness, weights, lists))

    def _serve(self, tenant: str, serving: Serving) -> None:
        serving.shop.prepare()  # or the first request would have to
        self._servings[tenant] = serving

    def _let_go_of_idle(self) -> list[str]:
        """Forget the tenants nobody asked for, and return the others."""
        since = time.monotonic() - settings.TENANT_IDLE_SECONDS
        for tenant in self.tenants():
            if self._used_at.get(tenant, 0.0) < since:
                with self.writing:
                    del self._servings[tenant]
                self._loader.forget(tenant)
                self._absent_until.pop(tenant, None)
                log.info("index let go", tenant=tenant)
        return self.tenants()


def _registered(tenants: Collection[str]) -> tuple[list[overlays.Followed], dict[str, ScoringWeights]]:
    """Return what is active of ``tenants``, and the weights of those that have a profile."""
    close_old_connections()
    profiles = ScoringProfile.objects.filter(tenant__slug__in=tenants).select_related("tenant")
    return overlays.active(tenants), {profile.tenant.slug: profile.weights() for profile in profiles}
