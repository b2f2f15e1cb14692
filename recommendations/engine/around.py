"""Who is considered beside a product before anything trends: what reads alike, and what shoppers went on to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.candidates import near_groups
from recommendations.engine.next_lists import NextList, Trail
from recommendations.engine.scorers import ContentScorer
from recommendations.engine.sequence import ListWeights, SequenceScorer
from recommendations.engine.shop import Shop
from recommendations.engine.weights import ScoringWeights

if TYPE_CHECKING:
    from recommendations.engine.catalogue import Catalogue

# What was worked out for the lists of one product is right for so long: half-lives are a matter of weeks.
VALID_SECONDS = 60.0


class Around(NamedTuple):
    """``groups``: distinct; the ``n_near`` neighbours, nearest first, then the followers that are none.

    ``cosines`` with the page's product, and ``sequence``, what the lists say, in [0, 1] (None: nothing): same shape.
    """

    groups: NDArray[np.intp]
    cosines: NDArray[np.float64]
    n_near: int
    sequence: NDArray[np.float64] | None = None


class PackedAround(NamedTuple):
    """The bytes of what the lists add to the neighbours: see shop.h for what and of which type."""

    followers: bytes
    cosines: bytes
    listed: bytes | None
    shared_rows: bytes
    shares: bytes


NOTHING_PACKED = PackedAround(b"", b"", None, b"", b"")


@dataclass(slots=True, eq=False)
class PageSequence:
    """What the lists say beside one product. Of lists of that product alone it is worked out once and kept with them.

    Kept, it must not keep an index alive that is exchanged meanwhile.
    """

    scorer: SequenceScorer | None
    row: int
    catalogue: "ref[Catalogue]"
    weights: ScoringWeights
    lists: Sequence[NextList]
    as_of_seconds: float
    around: Around | None = None
    packed: PackedAround | None = None

    def holds(self, shop: Shop, row: int, lists: Sequence[NextList], now_seconds: float) -> bool:
        return (
            self.catalogue() is shop.catalogue
            and self.weights is shop.weights
            and self.row == row
            and 0.0 <= now_seconds - self.as_of_seconds <= VALID_SECONDS
            and len(lists) == len(self.lists)
            and all(one is other for one, other in zip(lists, self.lists, strict=True))
        )


def page_sequence(
    shop: Shop, row: int, trail: Trail, now_seconds: float, weights: ListWeights, name: str
) -> PageSequence | None:
    """Return what the lists of ``trail`` say beside ``row``; ``name``: of these ``weights`` among others."""
    if not weights or not trail.origins:
        return None
    lists = tuple(found for code, found in trail.origins[0].lists.items() if len(found) and code in weights)
    is_alone = len(trail.origins) == 1
    if is_alone:
        if not lists:
            return None
        kept: PageSequence | None = lists[0].readings.get(name)
        if kept is not None and kept.holds(shop, row, lists, now_seconds):
            return kept
    scorer = SequenceScorer.of(shop, trail, now_seconds, weights, (shop.catalogue.groups.item(row),))
    made = PageSequence(scorer, row, ref(shop.catalogue), shop.weights, lists, now_seconds)
    if is_alone:
        lists[0].readings[name] = made
    return made


def around(shop: Shop, row: int, sequence: PageSequence | None) -> Around:
    """Return who is considered beside ``row``."""
    if sequence is None or sequence.scorer is None:
        near, cosines = near_groups(shop, row)
        # What numpy indexes by twice as fast.
        return Around(near.astype(np.intp), cosines.astype(np.float64), len(near))
    if sequence.around is None:
        sequence.around = _around(shop, row, sequence.scorer)
    return sequence.around


def packed_around(shop: Shop, row: int, sequence: PageSequence | None) -> PackedAround:
    """Return what the lists add to the neighbours of ``row``."""
    if sequence is None or sequence.scorer is None:
        return NOTHING_PACKED
    if sequence.packed is None:
        found = around(shop, row, sequence)
        followers, cosines, said = found.groups[found.n_near :], found.cosines[found.n_near :], found.sequence
        sequence.packed = packed_variants(sequence.scorer)._replace(
            followers=followers.tobytes(), cosines=cosines.tobytes(), listed=None if said is None else said.tobytes()
        )
    return sequence.packed


def packed_variants(scorer: SequenceScorer) -> PackedAround:
    """Return of what the lists say only how variants share."""
    if scorer.variants is None:
        return NOTHING_PACKED
    return NOTHING_PACKED._replace(shared_rows=scorer.variants.rows.tobytes(), shares=scorer.variants.shares.tobytes())


def _around(shop: Shop, row: int, scorer: SequenceScorer) -> Around:
    near, cosines = near_groups(shop, row)
    others = scorer.groups[~_among(scorer.groups, near)]
    groups = np.concatenate([near.astype(np.intp), others])
    both = np.concatenate([cosines.astype(np.float64), ContentScorer.beside(shop, row).unlike(others.astype(np.int32))])
    return Around(groups, both, len(near), scorer.score(groups))


def _among(groups: NDArray[np.intp], near: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return which ``groups`` are ``near``: ``np.isin`` without its overhead."""
    if not len(near):
        return np.zeros(len(groups), dtype=np.bool_)
    ordered = np.sort(near)
    places = ordered.searchsorted(groups)
    places[places == len(ordered)] = 0
    among: NDArray[np.bool_] = ordered[places] == groups
    return among
