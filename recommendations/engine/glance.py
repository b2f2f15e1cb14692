"""Scoring one variant group at a time: where a handful of groups settles a list, arrays cost more than they save.

The same numbers as :class:`~recommendations.engine.blend.Blend` makes of whole arrays, to the order of additions.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommendations.engine import decay
from recommendations.engine.blend import Blend
from recommendations.engine.filters import Filter
from recommendations.engine.ladder import SLACK, UNITS, ListBuilder
from recommendations.engine.reasons import PLAIN_REASONS, Reason, ReasonCode
from recommendations.engine.sequence import VARIANT_FLOOR
from recommendations.engine.shop import SEVERAL_CATEGORIES

NEVER = -math.inf


class _Best(NamedTuple):
    """A group's best variant, its score, and that in millionths."""

    row: int
    total: float
    units: int


class _Score(NamedTuple):
    """What the best variant of ``group`` scores, and what of that its cosine and the lists add."""

    group: int
    total: float
    content: float
    listed: float


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
        self._peak, self._category_of = shop.hotness.peaks.item, shop.catalogue.categories.item
        self._is_even, self._category = shop.readings.even_groups.item, shop.readings.group_categories.item
        self._followed = blend.sequence.followed if blend.sequence is not None else {}
        self._scores: dict[int, _Score] = {}

    def add(
        self,
        places: list[int],
        groups: NDArray[np.intp],
        content: NDArray[np.float64],
        listed: NDArray[np.float64] | None,
        mosts: NDArray[np.float64],
    ) -> bool:
        """Add the groups at ``places``, which come by falling ``mosts``; return whether no other can get a place.

        ``content`` and ``listed`` (None: nothing): what each group's cosine and lists add to its score; ``mosts``: what
        that can be at most, now.
        """
        builder = self._builder
        for place in places:
            most = mosts.item(place)
            if most < builder.score_to_beat - SLACK:
                return True
            its_listed = 0.0 if listed is None else listed.item(place)
            self.add_group(groups.item(place), content.item(place), its_listed, most)
        return False

    def add_group(self, group: int, content: float, listed: float = 0.0, most: float | None = None) -> None:
        """Add one group. ``most``: what its score can be at most, if that is known."""
        if group in self._left_out:
            return
        shares = self._followed.get(group)
        if shares is None:
            best = self._best_variant(group, content + listed, most)
        else:
            best = self._best_listed(group, shares, content, listed, math.inf if most is None else most)
        if best is not None:
            row, total, units = best
            own = listed if shares is None else listed * shares.get(row, VARIANT_FLOOR)
            self._scores[row] = _Score(group, total, content, own)
            self._builder.add_one(1.0 + units, self._id(row), group, row, self)

    def reason_of(self, row: int) -> Reason:
        group, total, content, listed = self._scores[row]
        most = max(content, listed)
        if most <= 0 or (total - content - listed > most and self._blend.is_hot(row)):
            return PLAIN_REASONS[ReasonCode.TRENDING]
        return PLAIN_REASONS[ReasonCode.SIMILAR] if content >= listed else self._blend.reason_of_sequence(group)

    def _best_variant(self, group: int, added: float, most: float | None) -> _Best | None:
        """Return the best variant that may be shown; of equals the first by id."""
        start, end = self._starts(group), self._starts(group + 1)
        rows = self._rows[start:end]
        is_clicked = end - start > 1 and self._group_hour(group) != NEVER
        if not self._is_even(group) or (is_clicked and self._category(group) == SEVERAL_CATEGORIES):
            return self._best_of(rows.tolist(), added)
        # Of even variants the one that is clicked most scores the most that its group can. Is it not the first by id,
        # an earlier one may score the same to the millionth: by a share of nothing, or by clicks that are long past.
        if is_clicked and self._hours[rows].argmax():
            return self._best_of(self._notable(rows), added)
        row = rows.item(0)
        total = self._trend(row, self._hour(row), self._rating(row)) + added if most is None else most
        return _Best(row, total, round(total * UNITS))

    def _best_listed(
        self, group: int, shares: Mapping[int, float], content: float, listed: float, most: float
    ) -> _Best | None:
        """Return the same where the lists mean one variant more than another: those in ``shares`` by so much."""
        best, most_without_lists = None, most - listed
        for row, share in shares.items():
            if best and most_without_lists + listed * share < best.total - SLACK:
                return best  # nor has any later one the share for it
            best = self._better(best, row, content + listed * share)
        if best and most_without_lists + listed * VARIANT_FLOOR < best.total - SLACK:
            return best
        rows = self._rows[self._starts(group) : self._starts(group + 1)]
        for row in self._notable(rows) if self._is_even(group) else rows.tolist():
            if row not in shares:
                best = self._better(best, row, content + listed * VARIANT_FLOOR)
        return best

    def _best_of(self, rows: list[int], added: float) -> _Best | None:
        best = None
        for row in rows:
            best = self._better(best, row, added)
        return best

    def _better(self, best: _Best | None, row: int, added: float) -> _Best | None:
        """Return the better of two, which is never one that may not be shown."""
        if not self._may_stand(row):
            return best
        total = self._trend(row, self._hour(row), self._rating(row)) + added
        units = round(total * UNITS)
        if best is None or units > best.units or (units == best.units and self._is_before(row, best.row)):
            return _Best(row, total, units)
        return best

    def _notable(self, rows: NDArray[np.int32]) -> list[int]:
        """Return those of even variants among which the best is: the first by id, and whoever is clicked."""
        others = rows[1:]
        return [rows.item(0), *others[self._hours[others] > NEVER].tolist()]

    def _is_before(self, row: int, other: int) -> bool:
        if self._blend.shop.catalogue.vocabulary.sorted_rows is None:
            return row < other  # rows ascend with ids
        return self._id(row) < self._id(other)

    def _trend(self, row: int, hour: float, rating: float) -> float:
        trend = rating * self._ratings_share
        if hour != NEVER:
            peak = max(self._peak(self._category_of(row)), self._least)
            trend += math.exp(min(hour - peak, 0.0)) * self._clicks_share
        return trend
