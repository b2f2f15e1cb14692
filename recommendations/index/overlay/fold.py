"""From edited products to a segment, for one version of the index. Knows no database: it is given the products."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import orjson
from numpy.typing import NDArray

from catalog.models import Product
from catalog.selectors import CategoryNode, product_card
from recommendations.engine.feature_parameters import FeatureParameters
from recommendations.engine.features import FixedFeatures
from recommendations.engine.fold_in import FoldIn
from recommendations.engine.neighbours import NeighbourParameters
from recommendations.engine.patched_similarity import PatchedSimilarity
from recommendations.engine.ragged import Ragged
from recommendations.index.index import Index
from recommendations.index.overlay.columns import NO_LIST, NOTHING, deleted, emptied, paid, present
from recommendations.index.overlay.segment import GROUP, Segment, Tree, joined
from recommendations.index.overlay.state import State
from recommendations.index.reading import GroupTexts, group_key, place_categories

# What a group's vector is made from.
_TEXTS = ("name", "category_path", "tags", "description")
# Weights closer than this are the same text: the build adds in another order.
_SAME = 1e-5

Vector = tuple[NDArray[np.int32], NDArray[np.float32]]
ReadProducts = Callable[[Sequence[int]], list[Product]]
"""Reads undeleted products by id; those that are not there are missing from the answer."""


class Fold:
    """Makes the segments of one version, each from the state that the ones before it left."""

    def __init__(self, base: Index) -> None:
        self._base = base

    @cached_property
    def _group_numbers(self) -> dict[int, int]:
        return {key: number for number, key in enumerate(self._base.artifact.arrays["group_keys"].tolist())}

    @cached_property
    def _features(self) -> FixedFeatures:
        arrays, parameters = self._base.artifact.arrays, self._base.artifact.manifest.parameters
        return FixedFeatures(arrays["terms"], arrays["idf"], FeatureParameters(**parameters["features"]))

    @cached_property
    def _fold_in(self) -> FoldIn:
        parameters = self._base.artifact.manifest.parameters["neighbours"]
        return FoldIn(self._base.similarity, NeighbourParameters(**parameters))

    def products(self, state: State, changed: Sequence[int], read: ReadProducts) -> Segment:
        """Return what the products ``changed`` are now; those that are known to be so already are left out.

        Whose text may be another is marked as owing its neighbours; so are those who stay in a group that one left.
        """
        found = read(changed)
        known = state.revisions(np.array(changed, dtype=np.int64))
        gone = set(np.array(changed)[known > 0].tolist()) - {product.pk for product in found}
        revisions = dict(zip(changed, known.tolist(), strict=True))
        segment = joined([
            self._present(state, [product for product in found if product.revision != revisions[product.pk]]),
            deleted(sorted(gone)),
        ])  # fmt: skip
        left = _left_groups(state, segment)
        return joined([segment, self._left_behind(state, segment, left, read)]) if len(left) else segment

    def _left_behind(self, state: State, moved: Segment, left: NDArray[np.int64], read: ReadProducts) -> Segment:
        """Return those who stay in the groups that others ``left``, as owing, and the groups nobody stays in."""
        after = state.after(moved)
        left = left[after.names.are_known(left)]
        ids = np.setdiff1d(after.members(left)[0], moved.products["id"])
        mates = read(ids.tolist()) if len(ids) else []
        empty = emptied(left[after.group_sizes(left) == 0], state.next_batch)
        return joined([self._present(state, mates, are_owing=True), empty])

    def neighbours(self, state: State, refs: NDArray[np.int64], read: ReadProducts) -> Segment:
        """Return vectors and neighbours of the groups ``refs``, whose products then owe them no longer.

        A group whose vector is what it was (its price changed, or two edits cancel out) is not in it.
        """
        vectors = self._vectors(state, refs, read)
        is_other = np.array([not _is_same(state, *each) for each in zip(refs, vectors, strict=True)], dtype=np.bool_)
        others = [vectors[place] for place in np.flatnonzero(is_other)]
        groups = np.zeros(len(others), dtype=GROUP)
        groups["ref"], groups["batch"] = refs[is_other], state.next_batch
        nobody = Ragged.of([NO_LIST] * len(others))
        draft = replace(paid(state.edits, refs), groups=groups, vectors=Ragged.of(others),
                        neighbours=nobody, reverse=nobody)  # fmt: skip
        return self._with_lists(state.after(draft), draft) if others else draft

    def tree(self, state: State, categories: Iterable[CategoryNode]) -> Segment:
        """Return the category tree, or nothing if it is what it was."""
        placed, now = place_categories(categories), state.index
        if list(now.categories) == placed.entries and now.catalogue.tree.parents.tolist() == placed.parents:
            return NOTHING
        return replace(NOTHING, tree=Tree(placed.entries, placed.parents, placed.ends))

    def _present(self, state: State, products: Sequence[Product], *, are_owing: bool = False) -> Segment:
        groups = [self._ref(product) for product in products]
        owing = [are_owing or _owes(state, *each) for each in zip(products, groups, strict=True)]
        return present(products, groups, owing)

    def _ref(self, product: Product) -> int:
        key = group_key(product)
        return self._group_numbers.get(key, key)

    def _vectors(self, state: State, refs: NDArray[np.int64], read: ReadProducts) -> list[Vector]:
        ids, places = state.members(refs)
        texts = [GroupTexts() for _ in refs]
        place_of = dict(zip(ids.tolist(), places.tolist(), strict=True))
        for product in read(ids.tolist()):
            texts[place_of[product.pk]].add(product)
        return [self._features.vector(text.fields()) for text in texts]

    def _with_lists(self, after: State, draft: Segment) -> Segment:
        similarity, numbers = after.index.similarity, after.names.numbers(draft.groups["ref"])
        assert isinstance(similarity, PatchedSimilarity)  # noqa: S101  ``draft`` brought groups
        found = [self._fold_in.find(similarity, number, numbers) for number in numbers.tolist()]
        refs = after.names.refs
        return replace(
            draft,
            neighbours=Ragged.of([(refs(ids), scores) for (ids, scores), _ in found]),
            reverse=Ragged.of([(refs(ids), scores) for _, (ids, scores) in found]),
        )


def _owes(state: State, product: Product, group: int) -> bool:
    """Return whether the product's group may have another text now, or owed its neighbours before."""
    row = state.index.catalogue.vocabulary.row_of(product.pk)
    if row is None or state.group_ref(product.pk) != group or state.is_owing(product.pk):
        return True
    was, now = orjson.loads(state.index.card(row)), product_card(product)
    return any(was[name] != now[name] for name in _TEXTS)  # type: ignore[literal-required]


def _left_groups(state: State, segment: Segment) -> NDArray[np.int64]:
    """Return the groups that products of ``segment`` were in and are no longer."""
    products = segment.products
    before = [state.group_ref(product_id) for product_id in products["id"].tolist()]
    now = [None if gone else ref for ref, gone in products[["group", "is_deleted"]].tolist()]
    left = {old for old, new in zip(before, now, strict=True) if old is not None and old != new}
    return np.array(sorted(left), dtype=np.int64)


def _is_same(state: State, ref: int, vector: Vector) -> bool:
    terms, weights = state.index.similarity.vector(int(state.names.numbers(np.array([ref]))[0]))
    return np.array_equal(terms, vector[0]) and np.allclose(weights, vector[1], atol=_SAME)
