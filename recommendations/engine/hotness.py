"""The live side of the catalogue: what is hot, in every category at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.catalogue import Catalogue

MAX_HOT = 200


@dataclass(slots=True)
class Hotness:
    """Trend scores by row, and per category its hottest rows, kept right as scores arrive.

    One thread writes; readers need no lock, because values are replaced one by one and lists as a whole.
    ``hour`` and ``week``: log-domain scores (see ``decay``), -inf where nothing happened; ``clicks``: exact counts.
    ``hot[c]``: int32 rows of the subtree of category c by falling ``hour``, at most ``MAX_HOT``. As all scores fade
    alike, this order changes only when an event arrives.
    """

    catalogue: Catalogue
    hour: NDArray[np.float64]
    week: NDArray[np.float64]
    clicks: NDArray[np.int64]
    hot: list[NDArray[np.int32]]

    @classmethod
    def cold(cls, catalogue: Catalogue) -> "Hotness":
        """Return the state of a shop in which nothing has happened yet."""
        n = len(catalogue.vocabulary)
        nothing = np.empty(0, dtype=np.int32)
        hot = [nothing] * len(catalogue.tree.parents)
        return cls(catalogue, np.full(n, -np.inf), np.full(n, -np.inf), np.zeros(n, dtype=np.int64), hot)

    def carried_to(self, catalogue: Catalogue) -> "Hotness":
        """Return the same live values for another version of the catalogue."""
        carried = Hotness.cold(catalogue)
        happened = np.isfinite(self.week)
        ids = self.catalogue.vocabulary.product_ids[happened]
        carried.update(ids, self.hour[happened], self.week[happened], self.clicks[happened])
        return carried

    def update(
        self,
        product_ids: NDArray[np.int64],
        hour: NDArray[np.float64],
        week: NDArray[np.float64],
        clicks: NDArray[np.int64],
    ) -> None:
        """Set the absolute values of some products; ids the catalogue does not have are passed over."""
        rows = self.catalogue.vocabulary.rows_of(product_ids)
        known = rows >= 0
        rows = rows[known]
        self.hour[rows], self.week[rows], self.clicks[rows] = hour[known], week[known], clicks[known]
        self._refresh_hot(rows.astype(np.int32))

    def _refresh_hot(self, rows: NDArray[np.int32]) -> None:
        tree, categories = self.catalogue.tree, self.catalogue.categories[rows]
        touched = {above for category in np.unique(categories) for above in tree.path_to_root(int(category))}
        for category in touched:
            inside = rows[tree.contains(category, categories)]
            self.hot[category] = self._hottest(np.union1d(self.hot[category], inside))

    def _hottest(self, rows: NDArray[np.int32]) -> NDArray[np.int32]:
        rows = rows[np.isfinite(self.hour[rows]) & self.catalogue.is_active[rows]]
        # The id breaks ties, and rows ascend with ids.
        return rows[np.lexsort((rows, -self.hour[rows]))[:MAX_HOT]].astype(np.int32)
