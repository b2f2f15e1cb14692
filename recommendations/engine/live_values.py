"""Live values of products, apart from any catalogue."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LiveValues:
    """Row-aligned: ``product_ids``, log-domain scores ``hour`` and ``week`` (see ``decay``), exact ``clicks``."""

    product_ids: NDArray[np.int64]
    hour: NDArray[np.float64]
    week: NDArray[np.float64]
    clicks: NDArray[np.int64]

    @classmethod
    def none(cls) -> "LiveValues":
        nothing = np.empty(0)
        return cls(nothing.astype(np.int64), nothing, nothing, nothing.astype(np.int64))

    def __len__(self) -> int:
        return len(self.product_ids)

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "LiveValues":
        return LiveValues(self.product_ids[chosen], self.hour[chosen], self.week[chosen], self.clicks[chosen])

    def overlaid(self, newer: "LiveValues") -> "LiveValues":
        """Return both, ``newer`` where both know a product, without those that have faded."""
        both = LiveValues(
            np.concatenate([newer.product_ids, self.product_ids]),
            np.concatenate([newer.hour, self.hour]),
            np.concatenate([newer.week, self.week]),
            np.concatenate([newer.clicks, self.clicks]),
        )
        _, first = np.unique(both.product_ids, return_index=True)
        return both.where(first[np.isfinite(both.week[first])])

    def warmest(self, n: int) -> "LiveValues":
        """Return the ``n`` of the highest ``week``, in no order."""
        return self if len(self) <= n else self.where(np.argpartition(-self.week, n - 1)[:n])
