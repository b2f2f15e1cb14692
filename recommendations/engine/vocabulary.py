"""Product ids ⇄ rows: ids are the shop's, rows are indices into arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """``product_ids``: int64, strictly ascending, shape ``(n_products,)``."""

    product_ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.product_ids)

    def rows_of(self, product_ids: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return the row of each id, -1 for an id that is not here."""
        if not len(self.product_ids):
            return np.full(len(product_ids), -1, dtype=np.intp)
        rows = np.searchsorted(self.product_ids, product_ids)
        rows[rows == len(self.product_ids)] = 0
        rows[self.product_ids[rows] != product_ids] = -1
        return rows

    def row_of(self, product_id: int) -> int | None:
        """Return the row of ``product_id``, None if it is not here."""
        row = int(self.product_ids.searchsorted(product_id))
        return row if row < len(self.product_ids) and self.product_ids[row] == product_id else None
