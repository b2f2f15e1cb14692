"""Which groups read alike, after some of them were edited and new ones came."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.ragged import Ragged
from recommendations.engine.similarity import Similarity

SCORE_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class FreshGroups:
    """Groups whose text is other than at build time, or that were not there. Aligned; ``numbers`` as in ``groups``.

    ``batches`` grow with time. A group's ``neighbours`` were found among all groups of its batch and before;
    ``reverse``: the groups of earlier batches (or of the build) among whose nearest it belongs now.
    """

    numbers: NDArray[np.int64]
    batches: NDArray[np.int64]
    vectors: Ragged
    neighbours: Ragged
    reverse: Ragged


@dataclass(frozen=True, slots=True)
class PatchedSimilarity(Similarity):
    """The arrays of the build, as they are, beside what replaces them.

    ``fresh``: int32, shape ``(n_groups,)``, the place of a group's vector in ``vectors``, -1 where the build's holds.
    ``lists``: int32 keys; the whole list of a fresh group, and of any other what belongs in between its neighbours.
    """

    fresh: NDArray[np.int32]
    vectors: Ragged
    list_starts: NDArray[np.int64]
    list_ids: NDArray[np.int32]
    list_scores: NDArray[np.float32]

    def neighbours(self, group: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        start, end = self.list_starts[group], self.list_starts[group + 1]
        ids, scores = self.list_ids[start:end], self.list_scores[start:end]
        if self.fresh[group] >= 0:
            return ids, scores
        built = self.neighbour_ids[group]
        holds = (built >= 0) & (self.fresh[built] < 0)
        if start == end:
            return built[holds], self.neighbour_scores[group][holds]
        ids = np.concatenate([built[holds], ids])
        scores = np.concatenate([self.neighbour_scores[group][holds], scores])
        order = np.lexsort((ids, -np.round(scores, SCORE_DECIMALS)))[: len(built)]
        return ids[order], scores[order]

    def listed(self, group: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        return self.neighbours(group)

    def vector(self, group: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        place = int(self.fresh[group])
        if place < 0:
            return Similarity.vector(self, group)
        terms, weights = self.vectors.list_at(place)
        return terms.astype(np.int32), weights

    def gathered(self, groups: NDArray[np.int32]) -> tuple[NDArray[np.intp], NDArray[np.int32], NDArray[np.float32]]:
        places = self.fresh[groups]
        is_fresh = places >= 0
        if not is_fresh.any():
            return Similarity.gathered(self, groups)
        owners, terms, weights = Similarity.gathered(self, groups[~is_fresh])
        fresh = self.vectors.take(places[is_fresh].astype(np.intp))
        return (
            np.concatenate([np.flatnonzero(~is_fresh)[owners], np.flatnonzero(is_fresh)[fresh.owners()]]),
            np.concatenate([terms, fresh.keys.astype(np.int32)]),
            np.concatenate([weights, fresh.values]),
        )


def patched_similarity(base: Similarity, fresh: FreshGroups, n_groups: int) -> PatchedSimilarity:
    """Return ``base`` with ``fresh`` groups laid over it; groups that neither has are like nothing."""
    places = np.full(n_groups, -1, dtype=np.int32)
    places[len(base.indptr) - 1 :] = len(fresh.numbers)  # an empty vector, for those that have none yet
    places[fresh.numbers] = np.arange(len(fresh.numbers))
    owners, ids, scores = _all_lists(fresh, places)
    order = np.lexsort((ids, -np.round(scores, SCORE_DECIMALS), owners))
    order = order[_ranks(owners[order]) < base.neighbour_ids.shape[1]]
    counts = np.bincount(owners[order], minlength=n_groups)
    return PatchedSimilarity(
        base.neighbour_ids,
        base.neighbour_scores,
        base.indptr,
        base.indices,
        base.data,
        base.n_terms,
        fresh=places,
        vectors=Ragged.joined([fresh.vectors, Ragged.of([(np.empty(0, np.int64), np.empty(0, np.float32))])]),
        list_starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        list_ids=ids[order].astype(np.int32),
        list_scores=scores[order],
    )


def _all_lists(
    fresh: FreshGroups, places: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return (whose list, who is in it, cosine). Of two fresh groups, the later one knows how alike they are."""
    batches = np.append(fresh.batches, np.iinfo(np.int64).min)  # the last: groups without an entry
    own, theirs = fresh.neighbours, fresh.reverse
    own_batches, their_batches = fresh.batches[own.owners()], fresh.batches[theirs.owners()]
    listed, listing = places[own.keys], places[theirs.keys]
    in_own = (listed < 0) | (batches[listed] <= own_batches)
    in_theirs = (listing < 0) | (batches[listing] < their_batches)
    return (
        np.concatenate([fresh.numbers[own.owners()[in_own]], theirs.keys[in_theirs]]),
        np.concatenate([own.keys[in_own], fresh.numbers[theirs.owners()[in_theirs]]]),
        np.concatenate([own.values[in_own], theirs.values[in_theirs]]),
    )


def _ranks(owners: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each entry among those of its owner; equal owners stand together."""
    is_first = np.ones(len(owners), dtype=np.bool_)
    np.not_equal(owners[1:], owners[:-1], out=is_first[1:])
    first = np.flatnonzero(is_first)
    return np.arange(len(owners)) - np.repeat(first, np.diff(first, append=len(owners)))
