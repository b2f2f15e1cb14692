"""What the change feed carries: absolute values, packed so that no reader loops over them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Per product: id, hour score, week score, clicks; little-endian doubles, exact for integers up to 2**53.
_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class Changes:
    """New values of some products, all of shape ``(n,)``. A score of -inf is a weight of 0."""

    product_ids: NDArray[np.int64]
    hour: NDArray[np.float64]
    week: NDArray[np.float64]
    clicks: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.product_ids)


def unpack(packed: bytes) -> Changes:
    """Return the changes in ``packed``; of several values of one product the last holds."""
    values = np.frombuffer(packed, dtype="<f8").reshape(-1, _COLUMNS)
    product_ids = values[:, 0].astype(np.int64)
    # np.unique keeps the first of equals, and the last is the newest: so look at them backwards.
    _, newest = np.unique(product_ids[::-1], return_index=True)
    places = len(product_ids) - 1 - newest
    columns = values[places]
    return Changes(columns[:, 0].astype(np.int64), columns[:, 1], columns[:, 2], columns[:, 3].astype(np.int64))
