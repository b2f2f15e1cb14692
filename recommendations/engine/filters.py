"""What may be shown: every rung of the ladder passes through here."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Filter:
    """What one request leaves out. ``excluded_groups``: whole variant groups; ``excluded_rows``: single products."""

    excluded_groups: frozenset[int] = frozenset()
    excluded_rows: frozenset[int] = frozenset()
    in_stock_only: bool = True
    category: int | None = None

    def allowed(self, catalogue: Catalogue, rows: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return which rows may be shown, same shape."""
        allowed = catalogue.is_active[rows].copy()
        if self.in_stock_only:
            allowed &= catalogue.in_stock[rows]
        if self.category is not None:
            allowed &= catalogue.tree.contains(self.category, catalogue.categories[rows])
        if self.excluded_groups:
            allowed &= ~np.isin(catalogue.groups[rows], list(self.excluded_groups))
        if self.excluded_rows:
            allowed &= ~np.isin(rows, list(self.excluded_rows))
        return allowed
