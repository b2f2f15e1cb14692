"""From the registry's word to an index in memory: the artifact, with the overlay laid over it."""

import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field

import structlog

from recommendations.index import pointer, store
from recommendations.index.artifact import BadArtifact
from recommendations.index.index import Index, load_index
from recommendations.index.overlay import store as overlays
from recommendations.index.overlay.patch import patched
from recommendations.index.overlay.segment import BadSegment
from sdr import patience

log = structlog.get_logger(__name__)

# A version that was refused is tried again then: its files may have been mended, or have arrived at last.
RETRY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Loaded:
    """``index``: ``base`` with ``segments`` laid over it, which have these ``numbers`` in the registry."""

    base: Index
    index: Index
    numbers: tuple[int, ...] = ()
    segments: overlays.Segments = field(default_factory=dict)


class Loader:
    """Keeps of each tenant what was loaded last, so that only what is new is read."""

    def __init__(self) -> None:
        self._loaded: dict[str, Loaded] = {}
        self._refused: dict[str, tuple[str, str | None, float]] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def load(self, tenant: str, followed: overlays.Followed | None) -> Loaded | None:
        """Return what serves ``tenant`` now; None if nothing can. ``followed``: None where the registry is away."""
        with self._locks[tenant]:
            held = self._loaded.get(tenant)
            version = followed.version if followed else pointer.read(tenant)
            if version and (held is None or held.base.version != version):
                base = self._open(tenant, version, followed.checksum if followed else None)
                held = Loaded(base, base) if base else held
            if held and followed and held.base.version == followed.version and held.numbers != followed.numbers:
                held = _overlaid(held, followed)
            if held:
                self._loaded[tenant] = held
            return held

    def forget(self, tenant: str) -> None:
        self._loaded.pop(tenant, None)

    def _open(self, tenant: str, version: str, checksum: str | None) -> Index | None:
        refused = self._refused.get(tenant)
        if refused and refused[:2] == (version, checksum) and time.monotonic() < refused[2]:
            return None
        try:
            index = load_index(store.fetch(tenant, version), tenant=tenant, checksum=checksum)
        except BadArtifact as error:
            # The one that serves goes on; asking again every time would only fill the log.
            self._refused[tenant] = (version, checksum, time.monotonic() + RETRY_SECONDS)
            log.error("index refused", tenant=tenant, version=version, reason=str(error))
            return None
        self._refused.pop(tenant, None)
        log.info("index loaded", tenant=tenant, version=version, n_products=index.artifact.manifest.n_products)
        return index


def _overlaid(held: Loaded, followed: overlays.Followed) -> Loaded:
    """Return the version with its segments of now; with those that it had, if the new ones are bad."""
    try:
        segments = patience.ask(lambda: overlays.read(followed.version_id, held.segments))
        index = patched(held.base, list(segments.values()))
    except BadSegment as error:
        log.error("overlay refused", tenant=followed.tenant, version=followed.version, reason=str(error))
        return Loaded(held.base, held.index, followed.numbers, held.segments)
    return Loaded(held.base, index, tuple(segments), segments)
