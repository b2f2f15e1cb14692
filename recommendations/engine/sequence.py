"""What other shoppers went on to, from where this shopper comes."""

import math
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommendations.engine import decay
from recommendations.engine.next_lists import Followers, Trail
from recommendations.engine.reasons import PLAIN_REASONS, Reason, ReasonCode
from recommendations.engine.shop import Shop

# What a variant has of its group's score that nobody went on to, while others of the group were followed.
VARIANT_FLOOR = 0.5
_TINY = 1e-300

# By what a list is a reason for: what it weighs beside the others.
ListWeights = Mapping[ReasonCode, float]


class Lead(NamedTuple):
    """One list that leads to a product: of the product in ``row``, ``position`` steps back.

    ``times``: how often shoppers went that way; ``value``: how sure a follower that makes it, in (0, 1]; ``worth``:
    what it adds to the sequence's score.
    """

    row: int
    position: int
    code: ReasonCode
    times: int
    value: float
    worth: float


class _Part(NamedTuple):
    row: int
    position: int
    code: ReasonCode
    weight: float
    followers: Followers
    most: float
    values: NDArray[np.float64]


class Variants:
    """What of its group's score each variant has: all the one that followed most, ``VARIANT_FLOOR`` one that did not.

    ``rows``: of groups of several, the variants that followed, ascending, with their ``shares``. ``followed``: the same
    by group and row, the largest share first.
    """

    def __init__(
        self,
        groups: NDArray[np.intp],
        rows: NDArray[np.intp],
        shares: NDArray[np.float64],
        owners: NDArray[np.intp],
    ) -> None:
        """``groups``: of several variants, ascending; ``rows``, ascending, ``shares`` and ``owners``, their groups."""
        self._groups, self.rows, self.shares = groups, rows, shares
        self.followed: dict[int, dict[int, float]] = {group: {} for group in groups.tolist()}
        falling = (-shares).argsort()
        by_share = rows[falling].tolist(), shares[falling].tolist(), owners[falling].tolist()
        for row, share, group in zip(*by_share, strict=True):
            self.followed[group][row] = share

    def shares_of(self, rows: NDArray[np.int32], groups: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return the share of each row, which is of its one of ``groups``, same shape."""
        shares = np.where(_places(self._groups, groups) >= 0, VARIANT_FLOOR, 1.0)
        places = _places(self.rows, rows)
        shares[places >= 0] = self.shares[places[places >= 0]]
        return shares


@dataclass(frozen=True, slots=True, eq=False)
class SequenceScorer:
    """Σ over origins and their lists of decay^position · list weight · value, over the largest such sum if that is > 1.

    value = w / max(w_max, m): a follower's decayed weight over that of its list's largest, m being the least that makes
    a sure follower. ``groups``: all that are led to, ascending; ``values``: their scores, in [0, 1], same shape.
    ``listed``: those of all ``parts`` one after the other; ``starts``: where each part begins in it.
    Variants count together, and ``variants`` says which of them is meant; None where no group has several.
    It keeps no catalogue alive: it may outlive the one it was made for.
    """

    groups: NDArray[np.intp]
    values: NDArray[np.float64]
    parts: tuple[_Part, ...]
    listed: NDArray[np.intp]
    starts: list[int]
    scale: float
    variants: Variants | None = None
    # What was asked before: a scorer serves its page for a while.
    _reasons: dict[int, Reason] = field(init=False, default_factory=dict, repr=False)

    @classmethod
    def of(
        cls, shop: Shop, trail: Trail, now_seconds: float, weights: ListWeights, left_out: Collection[int] = ()
    ) -> "SequenceScorer | None":
        """Return the scorer of where the shopper comes from; None where no list leads anywhere.

        ``left_out``: groups that are not led to, because the shopper is there.
        """
        parts = _parts(shop, trail, now_seconds, weights, np.array(sorted(left_out), dtype=np.intp))
        if not parts:
            return None
        values: NDArray[np.float64]
        if len(parts) == 1:
            groups = listed = parts[0].followers.groups
            values = parts[0].weight * parts[0].values
        else:
            listed = np.concatenate([part.followers.groups for part in parts])
            groups, places = np.unique(listed, return_inverse=True)
            sums = np.bincount(places, np.concatenate([part.weight * part.values for part in parts]))
            values = sums.astype(np.float64)
        scale = max(1.0, values.max().item())
        starts = [0, *accumulate(len(part.values) for part in parts[:-1])]
        return cls(groups, values / scale, tuple(parts), listed, starts, scale, _variants(shop, parts, groups))

    def score(self, groups: NDArray[np.int32] | NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the scores of variant groups, same shape; 0 where nothing leads."""
        places = self.groups.searchsorted(groups)
        places[places == len(self.groups)] = 0
        scores = self.values[places]
        scores[self.groups[places] != groups] = 0.0
        return scores

    def score_rows(self, rows: NDArray[np.int32], groups: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return the scores of products, which are of these ``groups``, same shape."""
        scores = self.score(groups)
        if self.variants is not None:
            scores *= self.variants.shares_of(rows, groups)
        return scores

    @property
    def followed(self) -> Mapping[int, Mapping[int, float]]:
        """What of its group's score each variant that followed has, by group of several variants."""
        return self.variants.followed if self.variants is not None else {}

    def share(self, row: int, group: int) -> float:
        """Return what of its group's score a product has."""
        followed = self.followed.get(group)
        return 1.0 if followed is None else followed.get(row, VARIANT_FLOOR)

    def reason(self, group: int) -> Reason:
        """Return the list that adds most to the score of ``group``: of its variants' it is the same."""
        known = self._reasons.get(group)
        if known is None:
            leads = self._leads(group, 1.0)
            known = Reason(leads[0].code, leads[0].row) if leads else PLAIN_REASONS[ReasonCode.TRENDING]
            self._reasons[group] = known
        return known

    def leads(self, row: int, group: int) -> list[Lead]:
        """Return the lists that lead to a product, what adds most first; their worths add up to its score."""
        return self._leads(group, self.share(row, group))

    def _leads(self, group: int, share: float) -> list[Lead]:
        leads = []
        for at in (self.listed == group).nonzero()[0].tolist():
            number = bisect_right(self.starts, at) - 1
            part, place = self.parts[number], at - self.starts[number]
            value = part.values.item(place)
            times, worth = part.followers.counts.item(place), share * part.weight * value / self.scale
            leads.append(Lead(part.row, part.position, part.code, times, value, worth))
        return sorted(leads, key=lambda lead: -lead.worth)  # a stable sort: of equals the newest origin


def _parts(
    shop: Shop, trail: Trail, now_seconds: float, weights: ListWeights, left_out: NDArray[np.intp]
) -> list[_Part]:
    least = math.log(shop.weights.min_sequence_weight) + decay.rate_constant(trail.half_life_seconds) * now_seconds
    parts = []
    for position, origin in enumerate(trail.origins):
        for code, found in origin.lists.items():
            weight = weights.get(code, 0.0) * shop.weights.sequence_decay**position
            if weight and len(found):
                followers = found.followers(shop.catalogue).without(left_out)
                if len(followers.groups):
                    most = max(followers.scores.max().item(), least)
                    values = followers.scores - most
                    parts.append(_Part(origin.row, position, code, weight, followers, most, np.exp(values, out=values)))
    return parts


def _variants(shop: Shop, parts: Sequence[_Part], groups: NDArray[np.intp]) -> Variants | None:
    """Return how variants share, None where no group has several."""
    several = groups[shop.readings.group_sizes[groups] > 1]
    if not len(several):
        return None
    followed = np.concatenate([part.followers.rows for part in parts])
    worth = [part.weight * np.exp(part.followers.row_scores - part.most) for part in parts]
    rows, places = np.unique(followed, return_inverse=True)
    sums = np.bincount(places, np.concatenate(worth))
    own = _places(several, shop.catalogue.groups[rows])
    rows, sums, own = rows[own >= 0], sums[own >= 0], own[own >= 0]
    most = np.zeros(len(several))
    np.maximum.at(most, own, sums)
    shares = VARIANT_FLOOR + (1 - VARIANT_FLOOR) * sums / np.maximum(most[own], _TINY)
    return Variants(several, rows, shares, several[own])


def _places(ordered: NDArray[np.intp], wanted: NDArray[np.integer]) -> NDArray[np.intp]:
    """Return where each of ``wanted`` stands in ``ordered``, ascending, -1 for one that does not."""
    places = ordered.searchsorted(wanted)
    places[places == len(ordered)] = 0
    return np.where(ordered[places] == wanted, places, -1) if len(ordered) else np.full(len(wanted), -1)
