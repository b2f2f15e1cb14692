"""Scored candidates first, then fallbacks, rung by rung, until the list is full."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.catalogue import Catalogue
from recommendations.engine.filters import Filter
from recommendations.engine.reasons import ReasonCode

SCORE_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Ranked:
    """One place of a list: the product's row, its score in [0, 1] and why it stands there."""

    row: int
    score: float
    reason_code: ReasonCode


@dataclass(frozen=True, slots=True)
class Scored:
    """The first rung: candidates with scores of their own, in any order. All three of one length."""

    rows: NDArray[np.int32]
    scores: NDArray[np.float64]
    reason_codes: list[ReasonCode]


@dataclass(frozen=True, slots=True)
class Fallback:
    """A later rung: rows, best first, for one reason."""

    rows: NDArray[np.int32]
    reason_code: ReasonCode


class ListBuilder:
    """Fills one list of ``limit`` places, one product per variant group, in the order (rung, −score, id)."""

    def __init__(self, catalogue: Catalogue, filtering: Filter, limit: int) -> None:
        self._catalogue, self._filtering, self._limit = catalogue, filtering, limit
        self._groups: set[int] = set()
        self.places: list[Ranked] = []

    @property
    def is_full(self) -> bool:
        return len(self.places) >= self._limit

    def add_scored(self, rung: Scored) -> None:
        """Add candidates by score. Rounded before they are ordered, so that what looks equal is ordered by id."""
        allowed = self._filtering.allowed(self._catalogue, rung.rows)
        scores = np.round(rung.scores, SCORE_DECIMALS)
        order = np.lexsort((self._catalogue.vocabulary.product_ids[rung.rows], -scores))
        for place in order[allowed[order]]:
            if self.is_full:
                return
            self._add(int(rung.rows[place]), float(scores[place]), rung.reason_codes[place])

    def add_fallbacks(self, rungs: Iterable[Fallback], best_score: float) -> None:
        """Fill what is left. A fallback has no score but its place: spaced evenly down from the last score."""
        ceiling = min(best_score, self.places[-1].score) if self.places else best_score
        first, n_left = len(self.places), self._limit - len(self.places)
        for rung in rungs:
            for row in self._first_per_group(rung.rows):
                if self.is_full:
                    return
                share = 1 - (len(self.places) - first) / n_left
                self._add(int(row), round(ceiling * share, SCORE_DECIMALS), rung.reason_code)

    def _first_per_group(self, rows: NDArray[np.int32]) -> NDArray[np.int32]:
        rows = rows[self._filtering.allowed(self._catalogue, rows)]
        groups, places = self._catalogue.groups[rows], np.arange(len(rows))
        first = np.empty(len(self._catalogue.group_starts), dtype=np.intp)
        first[groups[::-1]] = places[::-1]  # the last assignment wins, so the first place of a group stays
        firsts: NDArray[np.int32] = rows[first[groups] == places]
        return firsts

    def _add(self, row: int, score: float, code: ReasonCode) -> None:
        group = int(self._catalogue.groups[row])
        if group not in self._groups:
            self._groups.add(group)
            self.places.append(Ranked(row, score, code))
