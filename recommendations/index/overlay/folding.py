"""Bringing one version of the index up to date with the catalogue, segment by segment."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import structlog
from django.conf import settings
from django.db import connection, transaction
from numpy.typing import NDArray

from catalog import changes, selectors
from catalog.models import Product
from recommendations.index import store as artifacts
from recommendations.index.index import load_index
from recommendations.index.overlay import store
from recommendations.index.overlay.columns import NOTHING
from recommendations.index.overlay.fold import Fold
from recommendations.index.overlay.segment import BadSegment, Segment, joined
from recommendations.index.overlay.state import State
from recommendations.models import IndexVersion

log = structlog.get_logger(__name__)

# Of one round; together they take well below a second, so that an edit does not wait long behind a load.
MAX_PRODUCTS = 500
MAX_GROUPS = 25
# Of an overlay, in times of what makes a rebuild due: what comes then waits for it. A load of the whole catalogue
# would otherwise be held in memory once more by every process.
MAX_TIMES_DUE = 10


class Folding:
    """One version, its segments, and how far the change log is in them. Raises BadArtifact."""

    def __init__(self, version: IndexVersion) -> None:
        self.version = version
        tenant = version.tenant.slug
        directory = artifacts.fetch(tenant, version.artifact_name)
        base = load_index(directory, tenant=tenant, checksum=version.checksum)
        self._fold = Fold(base)
        self._segments = _segments(version)
        self.position = changes.LogPosition(store.marker(version) or version.catalogue_marker)
        self._folded_up_to = self.position.marker
        self._pending: set[int] = set()
        self._categories: list[selectors.CategoryNode] | None = None
        self._due = max(settings.OVERLAY_MAX_SHARE * version.n_products, settings.OVERLAY_MIN_PRODUCTS)
        self._state = State(base, joined([NOTHING, *self._segments.values()]))

    @property
    def wants_rebuild(self) -> bool:
        """Whether more has changed than is worth folding in. Cards go on to show; neighbours wait for the rebuild."""
        return self._state.n_changed + len(self._pending) > self._due

    @property
    def is_full(self) -> bool:
        """Whether what is pending waits for the rebuild, cards too."""
        return self._state.n_changed >= MAX_TIMES_DUE * max(self._due, 1)

    @property
    def is_finished(self) -> bool:
        """Whether all is in that was there when the log was last read, or as much of it as will be."""
        return self.is_full or (not self._pending and (self.wants_rebuild or not len(self._state.owing)))

    def step(self) -> int:
        """Read what changed since the last step, fold some of it in, and return how many products that were.

        Raises SomebodyElseWrote if this version's segments are not ours any more: begin again then.
        """
        with _snapshot():
            position = changes.now()
            news = changes.changed_products(self.version.tenant_id, self.position)
            # What is new first: an edit does not wait for a load that came before it.
            turn = [*news, *sorted(self._pending.difference(news))]
            chunk = [] if self.is_full else turn[:MAX_PRODUCTS]
            self._pending.update(news)
            segment = self._made(chunk)
        self._pending.difference_update(chunk)
        self.position = position
        if not self._pending:
            self._folded_up_to = position.marker
        if len(segment.products) or len(segment.groups) or segment.tree:
            self._write(segment)
        return len(segment.products)

    def finish(self) -> None:
        """Take steps until all is in."""
        self.step()
        while not self.is_finished:
            self.step()

    def _made(self, chunk: Sequence[int]) -> Segment:
        read = _Reader(self.version.tenant_id)
        products = joined([self._tree(), self._fold.products(self._state, chunk, read)])
        if self.wants_rebuild:
            return products
        state = self._state.after(products)
        refs = _first(products.products["group"][products.products["is_owed"]], state.owing)
        return joined([products, self._fold.neighbours(state, refs, read)]) if len(refs) else products

    def _tree(self) -> Segment:
        categories = selectors.categories(self.version.tenant_id)
        if categories == self._categories:
            return NOTHING
        tree, self._categories = self._fold.tree(self._state, categories), categories
        return tree

    def _write(self, segment: Segment) -> None:
        self._segments = store.append(self.version, segment, marker=self._folded_up_to, held=self._segments)
        self._state = State(self._state.base, joined([NOTHING, *self._segments.values()]))


@contextmanager
def folded_in(version: IndexVersion) -> Iterator[None]:
    """Fold all that changed since ``version`` read the catalogue into it, then hold back further edits for the block.

    Activate the version inside: whoever exchanges indexes then finds every edit in the new one that the old one had.
    """
    folding = Folding(version)
    folding.finish()
    with transaction.atomic():
        store.lock(version.tenant_id)
        folding.finish()
        yield


def _segments(version: IndexVersion) -> store.Segments:
    """Return the version's segments. With a bad one among them all are dropped: the change log has what was in them."""
    try:
        return store.read(version.pk, {})
    except BadSegment as error:
        log.error("overlay begun anew", version=version.artifact_name, reason=str(error))
        version.segments.all().delete()
        return {}


class _Reader:
    """Reads each product once."""

    def __init__(self, tenant_id: int) -> None:
        self._tenant_id = tenant_id
        self._products: dict[int, Product | None] = {}

    def __call__(self, product_ids: Sequence[int]) -> list[Product]:
        missing = [product_id for product_id in product_ids if product_id not in self._products]
        if missing:
            self._products |= dict.fromkeys(missing)
            self._products |= {product.pk: product for product in changes.products_by_id(self._tenant_id, missing)}
        return [product for product_id in product_ids if (product := self._products[product_id])]


@contextmanager
def _snapshot() -> Iterator[None]:
    """Read everything as of one instant, unless a caller's transaction is open already."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _first(new: NDArray[np.int64], all_owing: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the groups whose turn it is: first those just edited, so that an edit does not wait for a load."""
    new = np.unique(new)
    return np.sort(np.concatenate([new, np.setdiff1d(all_owing, new)])[:MAX_GROUPS])
