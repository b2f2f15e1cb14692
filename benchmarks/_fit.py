"""How fast something grows."""

from collections.abc import Sequence

import numpy as np


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Return e where ``values`` grow like sizes**e: the slope of least squares through the logarithms of both."""
    slope, _ = np.polyfit(np.log(sizes), np.log(values), 1)
    return float(slope)
