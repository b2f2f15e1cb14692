"""Questions to put to a scorer: what a shopper had done until then, and what came next."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommendations.evaluation.log import Interactions

# As many of a shopper's products as the live state keeps.
MAX_RECENT = 50


@dataclass(frozen=True, slots=True)
class Cases:
    """``begins`` and ``ends``, shape ``(n_cases,)``: the shopper's history is ``log[begins[i]:ends[i]]``, never empty.

    ``target_rows[target_starts[i]:target_starts[i + 1]]``: the distinct products that are right answers to case i.
    """

    log: Interactions
    begins: NDArray[np.intp]
    ends: NDArray[np.intp]
    target_starts: NDArray[np.int64]
    target_rows: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def shoppers(self) -> NDArray[np.int32]:
        """The shopper of each case: cases of one shopper are no independent observations."""
        return self.log.shoppers[self.begins]

    @property
    def last_rows(self) -> NDArray[np.int32]:
        """The product that each shopper met last."""
        return self.log.rows[self.ends - 1]

    @property
    def n_targets(self) -> NDArray[np.int64]:
        return np.diff(self.target_starts)

    def recent(self, n: int = MAX_RECENT) -> NDArray[np.int32]:
        """Return what each shopper met last, newest first and each product once: shape ``(n_cases, n)``, −1 beyond.

        Looked for among the last ``MAX_RECENT`` interactions.
        """
        places = self.ends[:, None] - 1 - np.arange(MAX_RECENT)
        rows = np.where(places >= self.begins[:, None], self.log.rows[np.maximum(places, 0)], -1)
        return _firsts_to_the_left(rows)[:, :n]

    def take(self, chosen: NDArray[np.intp]) -> "Cases":
        """Return some of the cases, in the order they are chosen in."""
        starts, counts = self.target_starts[chosen], self.n_targets[chosen]
        new_starts = np.concatenate([[0], np.cumsum(counts)])
        places = np.repeat(starts - new_starts[:-1], counts) + np.arange(new_starts[-1])
        return Cases(self.log, self.begins[chosen], self.ends[chosen], new_starts, self.target_rows[places])

    def novel(self) -> "Cases":
        """Return the cases with those targets alone that are not among the shopper's recent products."""
        owners = np.repeat(np.arange(len(self)), self.n_targets)
        is_seen = np.zeros(len(owners), dtype=np.bool_)
        for start in range(0, len(self), 10_000):
            chosen = np.arange(start, min(start + 10_000, len(self)))
            inside = slice(self.target_starts[chosen[0]], self.target_starts[chosen[-1] + 1])
            recent = self.take(chosen).recent()[owners[inside] - start]
            is_seen[inside] = (recent == self.target_rows[inside, None]).any(axis=1)
        counts = np.bincount(owners[~is_seen], minlength=len(self))
        kept = replace(
            self, target_starts=np.concatenate([[0], np.cumsum(counts)]), target_rows=self.target_rows[~is_seen]
        )
        return kept.take(np.flatnonzero(counts))


def next_steps(log: Interactions, is_test: NDArray[np.bool_]) -> Cases:
    """Ask before each interaction of the test part what it will be, knowing all that the shopper did before it."""
    begins = log.begins()
    ends = np.flatnonzero(is_test & (begins < np.arange(len(log))))
    return Cases(log, begins[ends], ends, np.arange(len(ends) + 1), log.rows[ends])


def held_back(log: Interactions, is_test: NDArray[np.bool_]) -> Cases:
    """Ask once for each shopper what they will do in the whole of the test part, knowing what they did before it."""
    begins = log.begins()
    places = np.flatnonzero(is_test)
    _, first = np.unique(log.shoppers[places], return_index=True)
    ends = places[first]
    ends = ends[begins[ends] < ends]
    n_rows = int(log.rows.max(initial=0)) + 1
    targets = np.unique(log.shoppers[is_test].astype(np.int64) * n_rows + log.rows[is_test])
    targets = targets[np.isin(targets // n_rows, log.shoppers[ends])]
    starts = np.searchsorted(targets // n_rows, log.shoppers[ends])
    return Cases(log, begins[ends], ends, np.append(starts, len(targets)), (targets % n_rows).astype(np.int32))


def _firsts_to_the_left(rows: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return each line's distinct values in their order, −1 beyond them."""
    order = np.argsort(rows, axis=1, kind="stable")
    ordered = np.take_along_axis(rows, order, axis=1)
    is_first = np.ones(rows.shape, dtype=np.bool_)
    is_first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    is_first &= ordered >= 0
    firsts = np.zeros(rows.shape, dtype=np.bool_)
    np.put_along_axis(firsts, order, is_first, axis=1)
    to_the_left = np.argsort(~firsts, axis=1, kind="stable")
    packed = np.take_along_axis(np.where(firsts, rows, -1), to_the_left, axis=1)
    return packed[:, : max(int(firsts.sum(axis=1).max(initial=0)), 1)]
