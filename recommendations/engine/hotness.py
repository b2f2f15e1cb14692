"""The live side of the catalogue: what is hot, in every category at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.catalogue import Catalogue
from recommendations.engine.live_values import LiveValues

MAX_HOT = 200
# Values kept of products that the catalogue does not have: who sends events for made-up ids fills no memory.
MAX_STRANGERS = 20_000
# Lists that are made anew one by one; beyond that many, making all of them together is quicker.
FEW_LISTS = 16


@dataclass(slots=True)
class Hotness:
    """Trend scores by row, and per category its hottest rows, kept right as scores arrive.

    One thread writes; readers need no lock, because values are replaced one by one and lists as a whole.
    ``hour`` and ``week``: log-domain scores (see ``decay``), -inf where nothing happened; ``clicks``: exact counts.
    ``hot[c]``: int32 rows of the subtree of category c by falling ``hour``, at most ``MAX_HOT``. As all scores fade
    alike, this order changes only when an event arrives; a list is a new array whenever one arrived.
    ``peaks[c]``: the ``hour`` of its first, -inf without one; ``peaks[-1]`` is nobody's, and -inf.
    ``group_hour``: by variant group, an ``hour`` that none of its variants exceeds.
    """

    catalogue: Catalogue
    hour: NDArray[np.float64]
    week: NDArray[np.float64]
    clicks: NDArray[np.int64]
    hot: list[NDArray[np.int32]]
    # Of products that are not in this catalogue: too new for it, or deleted. The next one may have them.
    strangers: LiveValues = field(default_factory=LiveValues.none)
    # Whether all of the live state was read into it once. Until then, following the news is not enough.
    is_complete: bool = False
    peaks: NDArray[np.float64] = field(init=False)
    group_hour: NDArray[np.float64] = field(init=False)
    # What readers have worked out from all this, kept where it is thrown away with it.
    readings: Any = field(init=False, default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.peaks = np.full(len(self.hot) + 1, -np.inf)
        self.group_hour = np.full(len(self.catalogue.group_starts), -np.inf)

    @classmethod
    def cold(cls, catalogue: Catalogue) -> "Hotness":
        """Return the state of a shop in which nothing has happened yet."""
        n = len(catalogue.vocabulary)
        nothing = np.empty(0, dtype=np.int32)
        hot = [nothing] * len(catalogue.tree.parents)
        return cls(catalogue, np.full(n, -np.inf), np.full(n, -np.inf), np.zeros(n, dtype=np.int64), hot)

    def carried_to(self, catalogue: Catalogue) -> "Hotness":
        """Return the same live values for another state of the catalogue.

        Where that begins with the same rows, as it does after an edit, values are copied as they are and only the
        lists that change are made anew.
        """
        carried = Hotness.cold(catalogue)
        carried.is_complete = self.is_complete
        n_same = _n_same(self.catalogue.vocabulary.product_ids, catalogue.vocabulary.product_ids)
        carried.hour[:n_same] = self.hour[:n_same]
        carried.week[:n_same] = self.week[:n_same]
        carried.clicks[:n_same] = self.clicks[:n_same]
        placed = carried._place(self._values_from(n_same).overlaid(self.strangers))  # noqa: SLF001
        touched = self._touched(catalogue, n_same, placed)
        if touched is None or len(touched) > FEW_LISTS:
            carried.hot = carried._all_hot()  # noqa: SLF001
        else:
            carried.hot = list(self.hot)
            if touched:
                carried._make_anew(touched)  # noqa: SLF001
        carried._refresh_peaks(range(len(carried.hot)))  # noqa: SLF001
        happened = np.flatnonzero(np.isfinite(carried.hour))
        np.maximum.at(carried.group_hour, catalogue.groups[happened], carried.hour[happened])
        return carried

    def update(
        self,
        product_ids: NDArray[np.int64],
        hour: NDArray[np.float64],
        week: NDArray[np.float64],
        clicks: NDArray[np.int64],
    ) -> None:
        """Set the absolute values of some products; those the catalogue does not have are kept for the next one."""
        self._refresh_hot(self._place(LiveValues(product_ids, hour, week, clicks)))

    def _place(self, values: LiveValues) -> NDArray[np.int32]:
        """Put values where they belong, and return the rows they went to. No list is touched."""
        rows = self.catalogue.vocabulary.rows_of(values.product_ids)
        known = rows >= 0
        rows = rows[known]
        # Raised before the values are, so that at no moment one exceeds it.
        np.maximum.at(self.group_hour, self.catalogue.groups[rows], values.hour[known])
        self.hour[rows], self.week[rows] = values.hour[known], values.week[known]
        self.clicks[rows] = values.clicks[known]
        if len(rows) < len(values):
            self.strangers = self.strangers.overlaid(values.where(~known)).warmest(MAX_STRANGERS)
        return rows.astype(np.int32)

    def _values_from(self, first_row: int) -> LiveValues:
        ids = self.catalogue.vocabulary.product_ids
        return LiveValues(ids[first_row:], self.hour[first_row:], self.week[first_row:], self.clicks[first_row:])

    def _refresh_hot(self, rows: NDArray[np.int32]) -> None:
        tree, categories = self.catalogue.tree, self.catalogue.categories[rows]
        touched = _above(self.catalogue, categories)
        for category in touched:
            inside = rows[tree.contains(category, categories)]
            self.hot[category] = self._hottest(np.union1d(self.hot[category], inside))
        self._refresh_peaks(touched)

    def _refresh_peaks(self, categories: Iterable[int]) -> None:
        for category in categories:
            hot = self.hot[category]
            self.peaks[category] = self.hour[hot[0]] if len(hot) else -np.inf

    def _hottest(self, rows: NDArray[np.int32]) -> NDArray[np.int32]:
        rows = rows[np.isfinite(self.hour[rows]) & self.catalogue.is_active[rows]]
        hour = self.hour[rows]
        if len(rows) > MAX_HOT:  # before the sort: only what is as hot as the last one that fits
            rows = rows[hour >= np.partition(hour, len(rows) - MAX_HOT)[len(rows) - MAX_HOT]]
        return self._by_heat(rows)[:MAX_HOT]

    def _by_heat(self, rows: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return ``rows`` by falling ``hour``; the id breaks ties."""
        ordered: NDArray[np.int32] = rows[np.lexsort((self.catalogue.vocabulary.product_ids[rows], -self.hour[rows]))]
        return ordered.astype(np.int32)

    def _touched(self, catalogue: Catalogue, n_same: int, placed: NDArray[np.int32]) -> set[int] | None:
        """Return the categories whose lists differ for ``catalogue``; None: there, places mean other categories."""
        old = self.catalogue
        if not np.array_equal(old.tree.parents, catalogue.tree.parents):
            return None
        moved = (old.categories[:n_same] != catalogue.categories[:n_same]) | (
            old.is_active[:n_same] != catalogue.is_active[:n_same]
        )
        rows = np.flatnonzero(moved & (np.isfinite(self.hour[:n_same])))
        left = np.concatenate([old.categories[rows], old.categories[n_same:][np.isfinite(self.hour[n_same:])]])
        joined = catalogue.categories[np.concatenate([rows, placed])]
        return _above(catalogue, np.concatenate([left, joined]))

    def _make_anew(self, categories: set[int]) -> None:
        happened = np.flatnonzero(np.isfinite(self.hour)).astype(np.int32)
        for category in categories:
            self.hot[category] = self._hottest(
                happened[self.catalogue.tree.contains(category, self.catalogue.categories[happened])]
            )

    def _all_hot(self) -> list[NDArray[np.int32]]:
        """Return every list, from the leaves up: the hottest of a subtree are among the hottest of its parts."""
        tree = self.catalogue.tree
        rows = self._by_heat(np.flatnonzero(np.isfinite(self.hour) & self.catalogue.is_active).astype(np.int32))
        categories = self.catalogue.categories[rows]
        ranks = np.argsort(categories, kind="stable")
        bounds = np.searchsorted(categories[ranks], np.arange(len(tree.parents) + 1))
        parts = [[ranks[start:end][:MAX_HOT]] for start, end in pairwise(bounds.tolist())]
        hot = [rows[:0]] * len(tree.parents)
        # In preorder children stand after their parents; only the whole shop stands last.
        for category in (*reversed(range(tree.everything)), tree.everything):
            hottest = np.sort(np.concatenate(parts[category]))[:MAX_HOT]
            hot[category] = rows[hottest]
            if category != tree.everything and len(hottest):
                parts[int(tree.parents[category])].append(hottest)
        return hot


def _above(catalogue: Catalogue, categories: NDArray[np.int32]) -> set[int]:
    """Return ``categories`` and all that they lie in."""
    return {above for category in np.unique(categories) for above in catalogue.tree.path_to_root(int(category))}


def _n_same(one: NDArray[np.int64], other: NDArray[np.int64]) -> int:
    """Return how many rows two states of a catalogue have in common, from the first on."""
    n = min(len(one), len(other))
    differ = one[:n] != other[:n]
    return int(differ.argmax()) if differ.any() else n
