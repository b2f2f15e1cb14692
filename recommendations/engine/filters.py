"""What may be shown: every rung of the ladder passes through here."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.catalogue import Catalogue

# Up to here, one comparison each is faster than marking groups in an array.
FEW_GROUPS = 4
NO_GROUP = -1


class Rule(StrEnum):
    """Why a filter leaves a product out; the first that applies is told."""

    ITSELF = "itself"
    INACTIVE = "inactive"
    OUT_OF_STOCK = "out_of_stock"
    EXCLUDED = "excluded"
    OTHER_CATEGORY = "other_category"
    PRICE = "price"
    HIDDEN = "hidden"
    DISLIKED = "disliked"
    PURCHASED = "purchased"
    SEEN = "seen"


@dataclass(slots=True)
class Filter:
    """What one request leaves out. What is said of a product holds for all variants of its group."""

    # Groups, by why they are left out.
    left_out: Mapping[Rule, Collection[int]] = field(default_factory=dict)
    in_stock_only: bool = True
    # Subtrees, any of which a product may lie in; none: the whole shop.
    categories: tuple[int, ...] = ()
    hidden_categories: tuple[int, ...] = ()
    # Inclusive; an unknown price fails either.
    min_price: float | None = None
    max_price: float | None = None

    @property
    def is_plain(self) -> bool:
        """Whether groups that are left out and stock are all that is asked."""
        return not (
            self.categories or self.hidden_categories or self.min_price is not None or self.max_price is not None
        )

    def wanted_categories(self, catalogue: Catalogue) -> NDArray[np.bool_] | None:
        """Return by category whether its products may be shown; None: all may."""
        if not self.categories and not self.hidden_categories:
            return None
        return self._in_categories(catalogue, np.arange(len(catalogue.tree.parents), dtype=np.int32))

    def allowed(self, catalogue: Catalogue, rows: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return which rows may be shown, same shape."""
        allowed = catalogue.is_active[rows]
        if self.in_stock_only:
            allowed &= catalogue.in_stock[rows]
        if self.categories or self.hidden_categories:
            allowed &= self._in_categories(catalogue, catalogue.categories[rows])
        if self.min_price is not None or self.max_price is not None:
            allowed &= self._in_prices(catalogue, rows)
        if self.left_out:
            allowed &= self._not_left_out(catalogue, rows)
        return allowed

    def without(self, seen_groups: Collection[int]) -> "Filter":
        """Return this filter with groups that the shopper has just looked at left out, too."""
        return replace(self, left_out={**self.left_out, Rule.SEEN: seen_groups})

    def broken_rule(self, catalogue: Catalogue, row: int) -> Rule | None:
        """Return the first rule by which ``row`` may not be shown; None if it may."""
        rows, group = np.array([row], dtype=np.int32), catalogue.groups.item(row)
        category = catalogue.categories[rows]
        broken = {
            Rule.INACTIVE: not catalogue.is_active[row],
            Rule.OUT_OF_STOCK: self.in_stock_only and not catalogue.in_stock[row],
            Rule.OTHER_CATEGORY: bool(self.categories) and not _within(catalogue, category, self.categories)[0],
            Rule.PRICE: not self._in_prices(catalogue, rows)[0],
            Rule.HIDDEN: _within(catalogue, category, self.hidden_categories)[0],
        }
        return next((rule for rule in Rule if broken.get(rule) or group in self.left_out.get(rule, ())), None)

    def _in_categories(self, catalogue: Catalogue, members: NDArray[np.int32]) -> NDArray[np.bool_]:
        hidden = _within(catalogue, members, self.hidden_categories)
        return _within(catalogue, members, self.categories) & ~hidden if self.categories else ~hidden

    def _in_prices(self, catalogue: Catalogue, rows: NDArray[np.int32]) -> NDArray[np.bool_]:
        prices, inside = catalogue.prices[rows], np.ones(len(rows), dtype=np.bool_)
        if self.min_price is not None:
            inside &= prices >= self.min_price  # NaN, an unknown price, is never in range
        if self.max_price is not None:
            inside &= prices <= self.max_price
        return inside

    def _not_left_out(self, catalogue: Catalogue, rows: NDArray[np.int32]) -> NDArray[np.bool_]:
        groups = catalogue.groups[rows]
        left_out = list(chain.from_iterable(self.left_out.values()))
        if len(left_out) <= FEW_GROUPS:
            kept: NDArray[np.bool_] = groups != (left_out[0] if left_out else NO_GROUP)
            for group in left_out[1:]:
                kept &= groups != group
            return kept
        marks = np.ones(len(catalogue.group_starts), dtype=np.bool_)
        marks[left_out] = False
        return marks[groups]


def _within(catalogue: Catalogue, members: NDArray[np.int32], categories: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which ``members``, categories themselves, lie in any of the subtrees."""
    inside = np.zeros(len(members), dtype=np.bool_)
    for category in categories:
        inside |= catalogue.tree.contains(category, members)
    return inside
