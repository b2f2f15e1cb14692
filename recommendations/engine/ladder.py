"""Scored candidates first, then fallbacks, rung by rung, until the list is full."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.candidates import Candidates
from recommendations.engine.catalogue import Catalogue
from recommendations.engine.filters import Filter
from recommendations.engine.reasons import PLAIN_REASONS, Reason, ReasonCode

SCORE_DECIMALS = 6
# Scores are ordered as whole millionths, so that what looks equal is equal and stands by id.
UNITS = 10.0**SCORE_DECIMALS
# Cosines are float32 and scores are rounded before they are ordered: so much closer than it seems may two of them be.
SLACK = 2 / UNITS
NOT_ALLOWED = -1.0
# Of a long fallback, how many rows are filtered at once.
CHUNK_ROWS = 4096
_SCORE_AND_ID = itemgetter(0, 1)


class Ranked(NamedTuple):
    """One place of a list: the product's row, its score in [0, 1] and why it stands there.

    ``is_fallback``: it fills the list; its score is that of its place, no signal's.
    """

    row: int
    score: float
    reason: Reason
    is_fallback: bool = False

    @property
    def reason_code(self) -> ReasonCode:
        return self.reason.code


@dataclass(slots=True)
class Scored:
    """Candidates with scores of their own; ``reason_of`` tells of a place in ``candidates.rows`` why it is shown."""

    candidates: Candidates
    scores: NDArray[np.float64]
    reason_of: Callable[[int], Reason]


@dataclass(frozen=True, slots=True)
class Fallback:
    """A later rung: rows, best first, for one reason."""

    rows: NDArray[np.int32]
    reason_code: ReasonCode


class ListBuilder:
    """Fills one list of ``limit`` places, one product per variant group, in the order (rung, −score, id).

    The first rung may come in several parts, whose groups are distinct; :meth:`close_scored` puts it in order.
    """

    def __init__(self, catalogue: Catalogue, filtering: Filter, limit: int) -> None:
        self._catalogue, self._limit = catalogue, limit
        self.filtering = filtering
        self._groups: set[int] = set()
        self._contenders: list[tuple[float, int, int, int, int, Scored]] = []
        self.places: list[Ranked] = []
        self._units_to_beat = 0.0

    @property
    def is_full(self) -> bool:
        return len(self.places) >= self._limit

    @property
    def score_to_beat(self) -> float:
        """What a candidate must reach, within half a millionth, to have a place yet; below 0, anything does."""
        return (self._units_to_beat - 1) / UNITS

    def add_scored(self, part: Scored) -> None:
        """Add candidates; those of them that cannot have a place any more are passed over."""
        rows = part.candidates.rows
        if not len(rows):
            return
        units = part.scores * UNITS
        np.rint(units, out=units)
        units += 1.0  # so that multiplying tells a score of 0 from what may not be shown
        units *= self.filtering.allowed(self._catalogue, rows)
        best = part.candidates.best(units)
        if len(best) >= self._limit:
            best.partition(len(best) - self._limit)
            self._units_to_beat = max(self._units_to_beat, best.item(len(best) - self._limit))
        places = (units >= max(self._units_to_beat, 1.0)).nonzero()[0]
        rows = rows[places]
        ids, groups = self._catalogue.vocabulary.product_ids[rows], self._catalogue.groups[rows]
        columns = (-units[places]).tolist(), ids.tolist(), groups.tolist(), rows.tolist(), places.tolist()
        self._contenders.extend((*contender, part) for contender in zip(*columns, strict=True))

    def add_placed(self, placed: Iterable[tuple[int, Ranked]]) -> None:
        """Add places that are in order already, each with its group."""
        for group, place in placed:
            self._groups.add(group)
            self.places.append(place)

    def close_scored(self) -> None:
        """Give the contenders their places."""
        for negative, _, group, row, place, part in sorted(self._contenders, key=_SCORE_AND_ID):
            if group not in self._groups:
                self._groups.add(group)
                self.places.append(Ranked(row, -(negative + 1) / UNITS, part.reason_of(place)))
                if self.is_full:
                    break
        self._contenders.clear()

    def add_fallbacks(self, rungs: Iterable[Fallback], best_score: float) -> None:
        """Fill what is left. A fallback has no score but its place: spaced evenly down from the last score."""
        if self.is_full:
            return
        ceiling = min(best_score, self.places[-1].score) if self.places else best_score
        first, n_left = len(self.places), self._limit - len(self.places)
        for rung in rungs:
            for row in self._allowed_in_turn(rung.rows):
                if self._is_new(row):
                    score = round(ceiling * (1 - (len(self.places) - first) / n_left), SCORE_DECIMALS)
                    self.places.append(Ranked(row, score, PLAIN_REASONS[rung.reason_code], is_fallback=True))
                    if self.is_full:
                        return

    def _allowed_in_turn(self, rows: NDArray[np.int32]) -> Iterable[int]:
        for start in range(0, len(rows), CHUNK_ROWS):
            chunk = rows[start : start + CHUNK_ROWS]
            chunk = chunk[self.filtering.allowed(self._catalogue, chunk)]
            yield from self._first_per_group(chunk).tolist()

    def _first_per_group(self, rows: NDArray[np.int32]) -> NDArray[np.int32]:
        groups, places = self._catalogue.groups[rows], np.arange(len(rows))
        first = np.empty(len(self._catalogue.group_starts), dtype=np.intp)
        first[groups[::-1]] = places[::-1]  # the last assignment wins, so the first place of a group stays
        firsts: NDArray[np.int32] = rows[first[groups] == places]
        return firsts

    def _is_new(self, row: int) -> bool:
        """Return whether the row's group has no place yet, and take down that now it has."""
        group = self._catalogue.groups.item(row)
        if group in self._groups:
            return False
        self._groups.add(group)
        return True
