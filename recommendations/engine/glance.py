"""Scoring one variant group at a time: where a handful of groups settles a list, arrays cost more than they save.

The same numbers as :class:`~recommendations.engine.blend.Blend` makes of whole arrays, to the order of additions.
"""

import math

import numpy as np
from numpy.typing import NDArray

from recommendations.engine import decay
from recommendations.engine.blend import Blend
from recommendations.engine.filters import Filter
from recommendations.engine.ladder import SLACK, UNITS, ListBuilder
from recommendations.engine.reasons import PLAIN_REASONS, Reason, ReasonCode
from recommendations.engine.shop import SEVERAL_CATEGORIES

NEVER = -math.inf


class Glance:
    """Adds groups to ``builder``, each by its best variant. Without behaviour, and for plain filters only."""

    def __init__(self, blend: Blend, builder: ListBuilder, filtering: Filter) -> None:
        shop, weights, trend = blend.shop, blend.shop.weights, blend.shares.trend
        self._blend, self._builder = blend, builder
        self._left_out = frozenset().union(*filtering.left_out.values())
        self._clicks_share, self._ratings_share = trend * weights.clicks_share, trend * weights.rating_share
        self._least = math.log(weights.min_peak_weight)
        self._least += decay.rate_constant(decay.HOUR_SECONDS) * blend.trend.now_seconds
        # Bound once: looking up what to call costs as much as calling it.
        self._may_stand = (shop.readings.on_sale if filtering.in_stock_only else shop.catalogue.is_active).item
        self._starts, self._rows = shop.catalogue.group_starts.item, shop.catalogue.group_rows
        self._hours, self._group_hour = shop.hotness.hour, shop.hotness.group_hour.item
        self._id = shop.catalogue.vocabulary.product_ids.item
        self._hour, self._rating = shop.hotness.hour.item, shop.readings.ratings.item
        self._is_even, self._category = shop.readings.even_groups.item, shop.readings.group_categories.item
        self._variants = blend.sequence.variants if blend.sequence is not None else None
        self._added: dict[int, float] = {}
        self._totals: dict[int, float] = {}

    def add(
        self, places: list[int], groups: NDArray[np.intp], added: NDArray[np.float64], mosts: NDArray[np.float64]
    ) -> bool:
        """Add the groups at ``places``, which come by falling ``mosts``; return whether no other can get a place.

        ``added``: what each group's cosine and lists add to its score; ``mosts``: what that can be at most, now.
        """
        builder = self._builder
        for place in places:
            most = mosts.item(place)
            if most < builder.score_to_beat - SLACK:
                return True
            self.add_group(groups.item(place), added.item(place), most)
        return False

    def add_group(self, group: int, added: float, most: float | None = None) -> None:
        if group in self._left_out:
            return
        if self._variants is not None and group in self._variants.groups:
            best = self._best_listed(group, added)
        else:
            best = self._best_variant(group, added, most)
        if best is not None:
            row, total, units = best
            self._totals[row], self._added[row] = total, self._added.get(row, added)
            self._builder.add_one(1.0 + units, self._id(row), group, row, self)

    def reason_of(self, row: int) -> Reason:
        added, blend = self._added[row], self._blend
        listed = blend.listed(row) if added > 0 else 0.0
        most = max(added - listed, listed)
        if most <= 0 or (self._totals[row] - added > most and blend.is_hot(row)):
            return PLAIN_REASONS[ReasonCode.TRENDING]
        return PLAIN_REASONS[ReasonCode.SIMILAR] if added - listed >= listed else blend.reason_of_sequence(row)

    def _best_variant(self, group: int, added: float, most: float | None) -> tuple[int, float, int] | None:
        """Return row, score and score in millionths of the best variant that may be shown; of equals the first id."""
        start, end = self._starts(group), self._starts(group + 1)
        rows = self._rows[start:end]
        is_clicked = end - start > 1 and self._group_hour(group) != NEVER
        if not self._is_even(group) or (is_clicked and self._category(group) == SEVERAL_CATEGORIES):
            return self._best_of(rows.tolist(), added)
        # Of even variants the one that is clicked most scores the most that its group can. Is it not the first by id,
        # an earlier one may score the same to the millionth: by a share of nothing, or by clicks that are long past.
        place = self._hours[rows].argmax().item() if is_clicked else 0
        if place:
            return self._best_of(rows.tolist(), added)
        row = rows.item(0)
        total = self._trend(row, self._hour(row), self._rating(row)) + added if most is None else most
        return row, total, round(total * UNITS)

    def _best_listed(self, group: int, added: float) -> tuple[int, float, int] | None:
        """Return the same where the lists mean one variant more than another, and take down what they add to it."""
        best, best_units, sequence = None, -1, self._blend.sequence
        if sequence is None:
            return None
        listed = self._blend.shares.sequence * sequence.score(np.array([group])).item(0)
        for row in self._rows[self._starts(group) : self._starts(group + 1)].tolist():
            if self._may_stand(row):
                own = added - listed * (1.0 - sequence.share(row, group))
                total = self._trend(row, self._hour(row), self._rating(row)) + own
                units = round(total * UNITS)
                if units > best_units or (units == best_units and best and self._is_before(row, best[0])):
                    best, best_units, self._added[row] = (row, total, units), units, own
        return best

    def _best_of(self, rows: list[int], added: float) -> tuple[int, float, int] | None:
        best, best_units, total, units, known = None, -1, 0.0, 0, -1.0
        for row in rows:
            if self._may_stand(row):
                hour, rating = self._hour(row), self._rating(row)
                # Most variants are like the one before: nobody clicks them, and they are rated alike.
                if hour != NEVER or rating != known:
                    known = rating if hour == NEVER else -1.0
                    total = self._trend(row, hour, rating) + added
                    units = round(total * UNITS)
                if units > best_units or (units == best_units and best and self._is_before(row, best[0])):
                    best, best_units = (row, total, units), units
        return best

    def _is_before(self, row: int, other: int) -> bool:
        if self._blend.shop.catalogue.vocabulary.sorted_rows is None:
            return row < other  # rows ascend with ids
        return self._id(row) < self._id(other)

    def _trend(self, row: int, hour: float, rating: float) -> float:
        trend = rating * self._ratings_share
        if hour != NEVER:
            shop = self._blend.shop
            peak = max(shop.hotness.peaks.item(shop.catalogue.categories.item(row)), self._least)
            trend += math.exp(min(hour - peak, 0.0)) * self._clicks_share
        return trend
