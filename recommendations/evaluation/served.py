"""The engine's own page beside the product a shopper met last: what would be served, asked one case at a time."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.filters import Filter, Rule
from recommendations.engine.next_lists import NO_TRAIL, NextList, Origin, Trail
from recommendations.engine.pages import Shop, beside_product
from recommendations.engine.reasons import ReasonCode
from recommendations.engine.shopper import Shopper
from recommendations.engine.strategies import list_weights
from recommendations.evaluation.cases import Cases
from recommendations.evaluation.metrics import DEPTH

# As many as the live state remembers of a shopper.
MAX_PURCHASED = 500


class Lists(Protocol):
    """Where the lists of what shoppers went on to come from."""

    half_life_seconds: float

    def of(self, row: int, code: ReasonCode) -> NextList | None:
        """Return one list of the product in ``row``, None if there is none of that kind."""
        ...


class Blend:
    """The product page, for a shopper whose recent products and purchases are known."""

    name = "blend"

    def __init__(self, shop: Shop, now_seconds: float, lists: Lists | None = None) -> None:
        self._shop, self._now_seconds, self._next = shop, now_seconds, lists

    def lists(self, cases: Cases, *, novel: bool) -> NDArray[np.int32]:
        """Return the page of each case as rows, −1 beyond the last; ``novel``: without what the shopper just saw."""
        lists = np.full((len(cases), DEPTH), -1, dtype=np.int32)
        for case, (row, filtering, shopper) in enumerate(self.requests(cases, novel=novel)):
            ranked = beside_product(self._shop, row, filtering, DEPTH, self._now_seconds, shopper)
            lists[case, : len(ranked)] = [place.row for place in ranked]
        return lists

    def requests(self, cases: Cases, *, novel: bool) -> Iterator[tuple[int, Filter, Shopper]]:
        """Yield of each case the page's row, what may stand on it, and who asks."""
        recents = cases.recent().tolist()
        for case, (row, line) in enumerate(zip(cases.last_rows.tolist(), recents, strict=True)):
            recent = tuple(met for met in line if met >= 0)
            filtering = self._filter(row, recent if novel else (), self._purchased(cases, case))
            yield row, filtering, Shopper(recent, trail=self._trail(recent))

    def _trail(self, recent: tuple[int, ...]) -> Trail:
        """Return what serving knows of where the shopper comes from (see ``knowledge``)."""
        if self._next is None:
            return NO_TRAIL
        groups = self._shop.catalogue.groups
        firsts: dict[int, int] = {}
        for row in recent:
            firsts.setdefault(groups.item(row), row)
        origins = []
        for row in list(firsts.values())[: self._shop.weights.n_sequence]:
            own = ((code, self._next.of(row, code)) for code in list_weights(self._shop.weights))
            origins.append(Origin(row, {code: found for code, found in own if found}))
        return Trail(tuple(origins), self._next.half_life_seconds)

    def _purchased(self, cases: Cases, case: int) -> list[int]:
        if not self._shop.weights.hide_purchased:
            return []
        end = cases.ends.item(case)
        history = slice(max(cases.begins.item(case), end - MAX_PURCHASED), end)
        return cases.log.rows[history][cases.log.purchases[history]].tolist()

    def _filter(self, row: int, seen: tuple[int, ...], purchased: list[int]) -> Filter:
        groups = self._shop.catalogue.groups
        left_out: dict[Rule, frozenset[int]] = {Rule.ITSELF: frozenset((groups.item(row),))}
        for rule, rows in ((Rule.PURCHASED, purchased), (Rule.SEEN, seen)):
            if rows:
                left_out[rule] = frozenset(groups[list(rows)].tolist())
        return Filter(left_out, in_stock_only=self._shop.weights.hide_out_of_stock)
