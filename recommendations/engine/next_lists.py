"""What followed a product, as it was learned, and the products a shopper comes from with their lists."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.catalogue import Catalogue
from recommendations.engine.decay import MONTH_SECONDS
from recommendations.engine.reasons import ReasonCode


class Followers(NamedTuple):
    """A list in the words of one catalogue, by variant group, of which none comes twice.

    ``groups``: ascending; ``scores``: log-domain, of all variants together; ``counts``: how often they followed.
    ``rows``, ``row_groups`` and ``row_scores``: each variant that followed by itself, group by group.
    """

    groups: NDArray[np.intp]
    scores: NDArray[np.float64]
    counts: NDArray[np.int64]
    rows: NDArray[np.intp]
    row_groups: NDArray[np.intp]
    row_scores: NDArray[np.float64]

    def without(self, left_out: NDArray[np.intp]) -> "Followers":
        """Return those that are in none of the groups ``left_out``, ascending."""
        kept = _not_among(self.groups, left_out)
        if kept.all():
            return self
        rows = _not_among(self.row_groups, left_out)
        return Followers(
            self.groups[kept],
            self.scores[kept],
            self.counts[kept],
            self.rows[rows],
            self.row_groups[rows],
            self.row_scores[rows],
        )


@dataclass(slots=True, eq=False)
class NextList:
    """What followed one product in one way, never changed once it is read.

    ``product_ids`` (int64), ``scores`` (float64, log-domain: see ``decay``) and ``counts`` (int32): shape ``(n,)``, in
    any order. Some of the products may be gone.
    """

    product_ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    counts: NDArray[np.int32]
    # What readers have worked out from it, kept where it is thrown away with it. None of it keeps a catalogue alive.
    readings: dict[str, Any] = field(init=False, default_factory=dict, repr=False)
    _followers: "tuple[ref[Catalogue], Followers] | None" = field(init=False, default=None, repr=False)

    @classmethod
    def empty(cls) -> "NextList":
        return cls(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0, dtype=np.int32))

    def __len__(self) -> int:
        return len(self.product_ids)

    def followers(self, catalogue: Catalogue) -> Followers:
        """Return those that ``catalogue`` has. Two threads may work it out twice, to the same end."""
        known = self._followers
        if known is None or known[0]() is not catalogue:
            known = self._followers = ref(catalogue), _followers(self, catalogue)
        return known[1]


def _followers(found: NextList, catalogue: Catalogue) -> Followers:
    rows = catalogue.vocabulary.rows_of(found.product_ids)
    known = rows >= 0
    rows = rows[known].astype(np.intp)
    own = catalogue.groups[rows].astype(np.intp)
    order = own.argsort()
    rows, own, own_scores = rows[order], own[order], found.scores[known][order]
    own_counts = found.counts[known][order].astype(np.int64)
    if (own[1:] > own[:-1]).all():  # as nearly always: no two variants of one group
        return Followers(own, own_scores, own_counts, rows, own, own_scores)
    groups, places = np.unique(own, return_inverse=True)
    scores, counts = np.full(len(groups), -np.inf), np.zeros(len(groups), dtype=np.int64)
    np.logaddexp.at(scores, places, own_scores)
    np.add.at(counts, places, own_counts)
    return Followers(groups, scores, counts, rows, own, own_scores)


def _not_among(groups: NDArray[np.intp], left_out: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return which ``groups`` are none of those ``left_out``, ascending: ``np.isin`` without its overhead."""
    if not len(left_out):
        return np.ones(len(groups), dtype=np.bool_)
    places = left_out.searchsorted(groups)
    places[places == len(left_out)] = 0
    kept: NDArray[np.bool_] = left_out[places] != groups
    return kept


class Origin(NamedTuple):
    """A product that the shopper comes from, and its lists by what they are a reason for."""

    row: int
    lists: Mapping[ReasonCode, NextList]


@dataclass(frozen=True, slots=True)
class Trail:
    """Where a shopper comes from, the newest first: on a product's page that product.

    ``half_life_seconds``: by which the scores of the lists fade.
    """

    origins: tuple[Origin, ...] = ()
    half_life_seconds: float = MONTH_SECONDS


NO_TRAIL = Trail()
