"""Product ids ⇄ rows: ids are the shop's, rows are indices into arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """``product_ids``: int64, shape ``(n_products,)``, strictly ascending unless ``sorted_ids`` are given.

    ``sorted_ids``: those that can be found, strictly ascending, and ``sorted_rows``: the row of each. A product that
    was deleted since the index was built keeps its row, but nobody finds it.
    """

    product_ids: NDArray[np.int64]
    sorted_ids: NDArray[np.int64] | None = None
    sorted_rows: NDArray[np.int32] | None = None

    @classmethod
    def of_rows(cls, product_ids: NDArray[np.int64], found: NDArray[np.bool_]) -> "Vocabulary":
        """Return the vocabulary of rows in any order, of which only those with ``found`` can be found."""
        rows = np.flatnonzero(found)
        rows = rows[np.argsort(product_ids[rows], kind="stable")]
        return cls(product_ids, product_ids[rows], rows.astype(np.int32))

    def __len__(self) -> int:
        return len(self.product_ids)

    def rows_of(self, product_ids: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return the row of each id, -1 for an id that is not here."""
        known = self.product_ids if self.sorted_ids is None else self.sorted_ids
        if not len(known):
            return np.full(len(product_ids), -1, dtype=np.intp)
        places = np.searchsorted(known, product_ids)
        places[places == len(known)] = 0
        rows = places if self.sorted_rows is None else self.sorted_rows[places].astype(np.intp)
        rows[known[places] != product_ids] = -1
        return rows

    def row_of(self, product_id: int) -> int | None:
        """Return the row of ``product_id``, None if it is not here."""
        known = self.product_ids if self.sorted_ids is None else self.sorted_ids
        if not len(known):
            return None
        # Ids that were given out one after the other stand as far apart as they are: that is tried before a search.
        place = product_id - known.item(0)
        if not 0 <= place < len(known) or known.item(place) != product_id:
            place = int(known.searchsorted(product_id))
            if place == len(known) or known.item(place) != product_id:
                return None
        return place if self.sorted_rows is None else self.sorted_rows.item(place)
