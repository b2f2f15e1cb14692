"""A version with what was edited so far: what the next edits are compared with."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommendations.index.index import Index
from recommendations.index.overlay.columns import NOTHING
from recommendations.index.overlay.patch import GroupNames, patched
from recommendations.index.overlay.segment import Segment, joined


@dataclass(frozen=True)
class State:
    """``edits``: all segments in one."""

    base: Index
    edits: Segment = NOTHING

    def after(self, *segments: Segment) -> "State":
        return State(self.base, joined([self.edits, *segments]))

    @cached_property
    def index(self) -> Index:
        return patched(self.base, [self.edits])

    @cached_property
    def names(self) -> GroupNames:
        return GroupNames.of(self.base, self.edits)

    @property
    def next_batch(self) -> int:
        return int(self.edits.groups["batch"].max(initial=0)) + 1

    def group_ref(self, product_id: int) -> int | None:
        """Return the group of a product as segments name it, None if there is no such product."""
        row = self.index.catalogue.vocabulary.row_of(product_id)
        return None if row is None else int(self.names.refs(self.index.catalogue.groups[[row]])[0])

    def group_sizes(self, refs: NDArray[np.int64]) -> NDArray[np.int64]:
        starts, numbers = self.index.catalogue.group_starts, self.names.numbers(refs)
        return starts[numbers + 1] - starts[numbers]

    def members(self, refs: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
        """Return the product ids of all groups ``refs``, and for each the place of its group in them."""
        rows, places = self.index.catalogue.variants_of(self.names.numbers(refs).astype(np.int32))
        return self.index.catalogue.vocabulary.product_ids[rows], places

    def revisions(self, product_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the revision of each product that is in here, 0 for one that is not: it is new, or deleted."""
        rows = self.base.catalogue.vocabulary.rows_of(product_ids)
        revisions = np.zeros(len(rows), dtype=np.int64)
        revisions[rows >= 0] = self.base.artifact.arrays["revisions"][rows[rows >= 0]]
        edits = self.edits.products
        _, ours, theirs = np.intersect1d(product_ids, edits["id"], return_indices=True)
        revisions[ours] = np.where(edits["is_deleted"][theirs], 0, edits["revision"][theirs])
        return revisions

    def is_owing(self, product_id: int) -> bool:
        edits = self.edits.products
        place = int(np.searchsorted(edits["id"], product_id))
        return place < len(edits) and bool(edits["id"][place] == product_id and edits["is_owed"][place])

    @cached_property
    def owing(self) -> NDArray[np.int64]:
        """Return the groups whose neighbours are to be found."""
        products = self.edits.products
        return np.unique(products["group"][products["is_owed"]])

    @property
    def n_changed(self) -> int:
        return len(self.edits.products)
