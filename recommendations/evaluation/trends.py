"""What was hot when the training part ended, in the engine's own form."""

import numpy as np
from numpy.typing import NDArray

from events.live.parameters import FADED_WEIGHT
from recommendations.engine import decay
from recommendations.engine.catalogue import Catalogue
from recommendations.engine.hotness import Hotness
from recommendations.evaluation.log import Interactions


def hotness_of(
    train: Interactions, catalogue: Catalogue, now_seconds: float, half_life_seconds: float = decay.HOUR_SECONDS
) -> Hotness:
    """Return the live state as it stands after ``train``, products whose week has faded left out as there.

    The engine reads the short trend with a half-life of an hour. With another one, the values given are those that
    make it read, at ``now_seconds``, what that half-life leaves.
    """
    short = _log_weights(train, len(catalogue.vocabulary), now_seconds, half_life_seconds)
    week = _log_weights(train, len(catalogue.vocabulary), now_seconds, decay.WEEK_SECONDS)
    (rows,) = np.nonzero(week >= np.log(FADED_WEIGHT))
    counts = np.bincount(train.rows, minlength=len(week))
    hotness = Hotness.cold(catalogue)
    hotness.update(
        catalogue.vocabulary.product_ids[rows],
        short[rows] + decay.rate_constant(decay.HOUR_SECONDS) * now_seconds,
        week[rows] + decay.rate_constant(decay.WEEK_SECONDS) * now_seconds,
        counts[rows],
    )
    return hotness


def _log_weights(train: Interactions, n: int, now_seconds: float, half_life_seconds: float) -> NDArray[np.float64]:
    """Return the logarithm of each product's decayed weight, -inf without interactions, shape ``(n,)``."""
    terms = np.log(train.weights) - decay.rate_constant(half_life_seconds) * (now_seconds - train.seconds)
    order = np.argsort(train.rows, kind="stable")
    rows, starts = np.unique(train.rows[order], return_index=True)
    weights = np.full(n, -np.inf)
    weights[rows] = np.logaddexp.reduceat(terms[order], starts)
    return weights
