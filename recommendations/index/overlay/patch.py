"""An index with edits laid over it: an ordinary index, most of whose arrays are still the artifact's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.catalogue import Catalogue, CategoryTree, shrunken_ratings, with_edits
from recommendations.engine.patched_similarity import FreshGroups, patched_similarity
from recommendations.engine.similarity import Similarity
from recommendations.engine.vocabulary import Vocabulary
from recommendations.index.artifact import CategoryEntry
from recommendations.index.cards import Cards, SkuRows
from recommendations.index.index import Index
from recommendations.index.overlay.segment import Segment, joined


def patched(base: Index, segments: Sequence[Segment]) -> Index:
    """Return ``base`` as it is after ``segments``, which are all there are, in the order of their numbers.

    Rows of the build keep their places; new products are appended by id. No step is a loop over products.
    """
    if not segments:
        return base
    edits = joined(segments)
    rows = _Rows.of(base, edits)
    groups = GroupNames.of(base, edits)
    entries, tree, categories = _tree(base, edits, rows)
    catalogue = _catalogue(base, rows, groups, tree, categories)
    return replace(
        base,
        catalogue=catalogue,
        similarity=_similarity(base, edits, groups),
        cards=_cards(base.cards, edits, rows),
        skus=(_skus(rows), *base.skus),
        categories=entries,
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """Where edits go: ``edited`` products, deleted ones apart, in ``rows``. ``n``: rows now, ``gone``: rows deleted."""

    n: int
    rows: NDArray[np.intp]
    edited: NDArray[np.void]
    gone: NDArray[np.intp]

    @classmethod
    def of(cls, base: Index, edits: Segment) -> "_Rows":
        known = base.catalogue.vocabulary.rows_of(edits.products["id"])
        is_deleted = edits.products["is_deleted"]
        rows, n_base = known[~is_deleted], len(base.catalogue.vocabulary)
        is_new = rows < 0
        rows[is_new] = n_base + np.arange(np.count_nonzero(is_new))
        gone = known[is_deleted & (known >= 0)]
        return cls(n_base + int(np.count_nonzero(is_new)), rows, edits.products[~is_deleted], gone)

    def laid_over(self, column: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
        """Return ``column`` with the edited ``values``; the column itself where they change nothing."""
        old = column[self.rows] if self.n == len(column) else None
        if old is not None and np.array_equal(old, values.astype(column.dtype), equal_nan=column.dtype.kind == "f"):
            return column
        whole = np.empty(self.n, dtype=column.dtype)
        whole[: len(column)] = column
        whole[self.rows] = values
        return whole

    def are_present(self) -> NDArray[np.bool_]:
        present = np.ones(self.n, dtype=np.bool_)
        present[self.gone] = False
        return present


@dataclass(frozen=True, slots=True)
class GroupNames:
    """Groups by number: those of the build, then the ``new`` ones by key. Segments name the latter by their keys."""

    n_built: int
    new: NDArray[np.int64]

    @classmethod
    def of(cls, base: Index, edits: Segment) -> "GroupNames":
        is_deleted = edits.products["is_deleted"]
        refs = np.concatenate([edits.products["group"][~is_deleted], edits.groups["ref"]])
        return cls(len(base.catalogue.group_starts) - 1, np.unique(refs[refs < 0]))

    @property
    def n(self) -> int:
        return self.n_built + len(self.new)

    def numbers(self, refs: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.where(refs < 0, self.n_built + np.searchsorted(self.new, refs), refs)

    def are_known(self, refs: NDArray[np.int64]) -> NDArray[np.bool_]:
        return (refs >= 0) | np.isin(refs, self.new)

    def refs(self, numbers: NDArray[np.int64] | NDArray[np.int32]) -> NDArray[np.int64]:
        """Return what to call groups in a segment."""
        is_new = numbers >= self.n_built
        refs = numbers.astype(np.int64)
        refs[is_new] = self.new[numbers[is_new] - self.n_built]
        return refs


def _tree(base: Index, edits: Segment, rows: _Rows) -> tuple[Sequence[CategoryEntry], CategoryTree, NDArray[np.int32]]:
    """Return the entries, the tree and each row's category. Whose path changed since the build is among the edits."""
    built = base.catalogue
    entries = base.categories if edits.tree is None else edits.tree.entries
    place_of = {entry.path: place for place, entry in enumerate(entries[:-2])}
    uncategorised = len(entries) - 2
    edited = np.array([place_of.get(path, uncategorised) for path in edits.paths], dtype=np.int32)
    values = edited[rows.edited["category"]] if len(rows.edited) else np.empty(0, dtype=np.int32)
    if edits.tree is None:
        return entries, built.tree, rows.laid_over(built.categories, values)
    moved = np.array([place_of.get(entry.path, uncategorised) for entry in base.categories[:-2]] + [uncategorised])
    tree = CategoryTree(np.array(edits.tree.parents, dtype=np.int32), np.array(edits.tree.ends, dtype=np.int32))
    return entries, tree, rows.laid_over(moved.astype(np.int32)[built.categories], values)


def _catalogue(
    base: Index, rows: _Rows, groups: GroupNames, tree: CategoryTree, categories: NDArray[np.int32]
) -> Catalogue:
    built, arrays, edited, present = base.catalogue, base.artifact.arrays, rows.edited, rows.are_present()
    ids = rows.laid_over(built.vocabulary.product_ids, edited["id"])
    ratings, counts = (
        rows.laid_over(built.ratings, edited["rating"]),
        rows.laid_over(arrays["rating_counts"], edited["rating_count"]),
    )
    row_groups = rows.laid_over(built.groups, groups.numbers(edited["group"]))
    are_others = rows.n > len(built.groups) or len(rows.gone) > 0
    starts, group_rows = built.group_starts, built.group_rows
    if are_others or row_groups is not built.groups or groups.n > groups.n_built:
        starts, group_rows = _members(row_groups, present, groups.n)
    is_active = rows.laid_over(built.is_active, edited["is_active"])
    return replace(
        built,
        vocabulary=Vocabulary.of_rows(ids, present)
        if len(rows.gone) or rows.n > len(built.groups)
        else built.vocabulary,
        groups=row_groups,
        group_starts=starts,
        group_rows=group_rows,
        categories=categories,
        tree=tree,
        prices=rows.laid_over(built.prices, edited["price"]),
        ratings=ratings,
        in_stock=rows.laid_over(built.in_stock, edited["in_stock"]),
        is_active=is_active & present if len(rows.gone) else is_active,
        best_rated=_best_rated(base, rows, ids, ratings, counts, present),
        newest=_newest(base, rows, ids, present),
    )


def _members(
    row_groups: NDArray[np.int32], present: NDArray[np.bool_], n_groups: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    rows = np.flatnonzero(present)
    counts = np.bincount(row_groups[rows], minlength=n_groups)
    ordered = rows[np.argsort(row_groups[rows], kind="stable")]
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), ordered.astype(np.int32)


def _best_rated(
    base: Index,
    rows: _Rows,
    ids: NDArray[np.int64],
    ratings: NDArray[np.float32],
    counts: NDArray[np.int64],
    present: NDArray[np.bool_],
) -> NDArray[np.int32]:
    """Return the order by rating; the mean that ratings are drawn towards stays that of the build."""
    built, changed = base.catalogue, ~present
    if ratings is built.ratings and counts is base.artifact.arrays["rating_counts"] and not changed.any():
        return built.best_rated
    changed[rows.rows] = True
    shrunken = shrunken_ratings(ratings, counts, built.mean_rating)
    return with_edits(built.best_rated, shrunken, ids, changed=changed, present=present & ~np.isnan(ratings))


def _newest(base: Index, rows: _Rows, ids: NDArray[np.int64], present: NDArray[np.bool_]) -> NDArray[np.int32]:
    created_at = rows.laid_over(base.artifact.arrays["created_at"], rows.edited["created_at"])
    changed = ~present
    changed[len(base.catalogue.vocabulary) :] = True
    if not changed.any():
        return base.catalogue.newest
    return with_edits(base.catalogue.newest, created_at, ids, changed=changed, present=present)


def _cards(built: Cards, edits: Segment, rows: _Rows) -> Cards:
    offsets = np.cumsum([built.size, *map(len, edits.blobs)])[:-1].tolist()
    return Cards(
        rows.laid_over(built.starts, built.size + rows.edited["card_start"]),
        rows.laid_over(built.ends, built.size + rows.edited["card_end"]),
        (*built.blobs, *edits.blobs),
        (*built.offsets, *offsets),
    )


def _skus(rows: _Rows) -> SkuRows:
    order = np.argsort(rows.edited["sku_hash"], kind="stable")
    return SkuRows(rows.edited["sku_hash"][order], rows.rows[order].astype(np.int32))


def _similarity(base: Index, edits: Segment, groups: GroupNames) -> Similarity:
    if not len(edits.groups) and groups.n == groups.n_built:
        return base.similarity
    fresh = FreshGroups(
        groups.numbers(edits.groups["ref"]),
        edits.groups["batch"],
        edits.vectors,
        replace(edits.neighbours, keys=groups.numbers(edits.neighbours.keys)),
        replace(edits.reverse, keys=groups.numbers(edits.reverse.keys)),
    )
    return patched_similarity(base.similarity, fresh, groups.n)
