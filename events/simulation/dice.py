"""Chance that can be repeated."""

import math
from collections.abc import Iterator

import numpy as np

_BLOCK = 4096


class Dice:
    """Uniform numbers in [0, 1) from one seeded generator, and what can be made of them."""

    def __init__(self, seed: int) -> None:
        self._numbers = _numbers(np.random.default_rng(seed))

    def roll(self) -> float:
        return next(self._numbers)

    def chance(self, probability: float) -> bool:
        return next(self._numbers) < probability

    def below(self, n: int) -> int:
        """Return a whole number from 0 to ``n`` − 1, each as likely."""
        return int(next(self._numbers) * n)

    def how_many(self, mean: float) -> int:
        """Return a count from 1 up whose mean is ``mean`` (geometric: most are small, a few are large)."""
        if mean <= 1:
            return 1
        return 1 + int(math.log1p(-next(self._numbers)) / math.log1p(-1 / mean))


def _numbers(random: np.random.Generator) -> Iterator[float]:
    # In blocks: a call of numpy for each number would cost more than the whole event.
    while True:
        yield from random.random(_BLOCK).tolist()
