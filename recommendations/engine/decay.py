"""Forward decay in the log domain: a weight that fades without anyone touching it.

Cormode, Shkapenyuk, Srivastava, Xu: "Forward Decay: A Practical Time Decay Model for Streaming Systems", ICDE 2009.
A score s stands for the weight exp(s − λ·t) at time t; -inf is weight 0. The order of arrival does not matter.
"""

import numpy as np
from numpy.typing import NDArray

LN2 = float(np.log(2.0))
HOUR_SECONDS = 3600.0
WEEK_SECONDS = 7 * 24 * 3600.0
MONTH_SECONDS = 30 * 24 * 3600.0


def rate_constant(half_life_seconds: float) -> float:
    """Return λ, per second."""
    return LN2 / half_life_seconds


def weights_at(scores: NDArray[np.float64], now_seconds: float, half_life_seconds: float) -> NDArray[np.float64]:
    """Return the weights that ``scores`` stand for at ``now_seconds``; 0 where the score is -inf."""
    return np.exp(scores - rate_constant(half_life_seconds) * now_seconds)
