"""How far a mean may be off by chance: percentile bootstrap over shoppers, the same draws for every scorer.

Efron & Tibshirani, "An Introduction to the Bootstrap", 1993. Whole shoppers are drawn, because the cases of one are no
independent observations; the same draws for all make differences between scorers as sharp as they can be.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
_CHUNK = 50


class Bootstrap:
    """``n_draws`` draws of as many shoppers as there are. ``shoppers``: of each case, shape ``(n_cases,)``."""

    def __init__(self, shoppers: NDArray[np.int32], n_draws: int, seed: int) -> None:
        _, self._members = np.unique(shoppers, return_inverse=True)
        self._n_draws, self._seed = n_draws, seed

    def means(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean of each draw, shape ``(n_draws, n_columns)``. ``values``: ``(n_cases, n_columns)``."""
        n_shoppers, n_columns = int(self._members.max()) + 1, values.shape[1]
        sums = np.empty((n_shoppers, n_columns + 1))
        for column in range(n_columns):
            sums[:, column] = np.bincount(self._members, values[:, column], n_shoppers)
        sums[:, -1] = np.bincount(self._members, minlength=n_shoppers)
        drawn = np.concatenate([counts @ sums for counts in self._draws(n_shoppers)])
        means: NDArray[np.float64] = drawn[:, :-1] / drawn[:, -1:]
        return means

    def _draws(self, n_shoppers: int) -> Iterator[NDArray[np.float64]]:
        """Yield how often each shopper is drawn, some draws at a time: shape ``(n, n_shoppers)``."""
        rng = np.random.default_rng(self._seed)
        for start in range(0, self._n_draws, _CHUNK):
            n = min(_CHUNK, self._n_draws - start)
            drawn = rng.integers(n_shoppers, size=(n, n_shoppers)) + np.arange(n)[:, None] * n_shoppers
            yield np.bincount(drawn.ravel(), minlength=n * n_shoppers).reshape(n, n_shoppers).astype(np.float64)


def interval(means: NDArray[np.float64]) -> tuple[float, float]:
    """Return the middle 95% of the draws' means."""
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
