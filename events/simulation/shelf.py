"""What the simulated shop sells, and how popular each product is."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np


class ShelfProduct(NamedTuple):
    """A product and the path of its category, "" for none."""

    id: int
    category: str


class Shelf:
    """Products with Zipf popularity. Each draw takes a number in [0, 1) and is a function of it alone."""

    def __init__(self, products: Sequence[ShelfProduct], *, exponent: float, seed: int) -> None:
        if not products:
            raise ValueError("A shelf needs a product.")
        # Ranks are shuffled: ids follow the order of import, which has nothing to do with what people like.
        ranks = np.random.default_rng(seed).permutation(len(products)) + 1
        by_category: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for product, weight in zip(products, (ranks ** -float(exponent)).tolist(), strict=True):
            by_category[product.category].append((product.id, weight))
        self.categories = sorted(by_category)
        self._within = [Weighted(by_category[category]) for category in self.categories]
        self._across = Weighted([(place, within.total) for place, within in enumerate(self._within)])

    def category_at(self, number: float) -> int:
        """Return the place of a category in ``categories``, in proportion to its products' popularity."""
        return self._across.at(number)

    def product_at(self, category: int, number: float) -> int:
        """Return the id of a product of that category, in proportion to popularity."""
        return self._within[category].at(number)


class Weighted:
    """Things to draw in proportion to their weights."""

    def __init__(self, entries: Sequence[tuple[int, float]]) -> None:
        self._things = [thing for thing, _ in entries]
        self._sums = list(accumulate(weight for _, weight in entries))
        self.total = self._sums[-1]

    def at(self, number: float) -> int:
        # Rounding could lead one past the end.
        return self._things[min(bisect_right(self._sums, number * self.total), len(self._things) - 1)]
