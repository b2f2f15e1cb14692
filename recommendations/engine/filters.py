"""What may be shown: every rung of the ladder passes through here."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Filter:
    """What one request leaves out."""

    excluded_groups: frozenset[int] = frozenset()
    in_stock_only: bool = True
    # Subtrees, any of which a product may lie in; none: the whole shop.
    categories: tuple[int, ...] = ()

    def allowed(self, catalogue: Catalogue, rows: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return which rows may be shown, same shape."""
        allowed = catalogue.is_active[rows].copy()
        if self.in_stock_only:
            allowed &= catalogue.in_stock[rows]
        if self.categories:
            members = catalogue.categories[rows]
            allowed &= np.any([catalogue.tree.contains(category, members) for category in self.categories], axis=0)
        if self.excluded_groups:
            allowed &= ~np.isin(catalogue.groups[rows], list(self.excluded_groups))
        return allowed
