"""What other shoppers went on to, from where this shopper comes."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommendations.engine import decay
from recommendations.engine.next_lists import Followers, Trail
from recommendations.engine.reasons import ReasonCode
from recommendations.engine.shop import Shop

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
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SequenceScorer:
    """Σ over origins and their lists of decay^position · list weight · value, over the largest such sum if that is > 1.

    value = w / max(w_max, m): a follower's decayed weight over that of its list's largest, m being the least that makes
    a sure follower. ``groups``: all that are led to, ascending; ``values``: their scores, in [0, 1], same shape.
    It keeps no catalogue alive: it may outlive the one it was made for.
    """

    groups: NDArray[np.intp]
    values: NDArray[np.float64]
    parts: tuple[_Part, ...]
    scale: float

    @classmethod
    def of(
        cls, shop: Shop, trail: Trail, now_seconds: float, weights: ListWeights, left_out: Collection[int] = ()
    ) -> "SequenceScorer | None":
        """Return the scorer of where the shopper comes from; None where no list leads anywhere.

        ``left_out``: groups that are not led to, because the shopper is there.
        """
        parts = _parts(shop, trail, now_seconds, weights, np.array(list(left_out), dtype=np.intp))
        if not parts:
            return None
        values: NDArray[np.float64]
        if len(parts) == 1:
            groups, values = parts[0].followers.groups, parts[0].weight * parts[0].values
        else:
            groups, places = np.unique(np.concatenate([part.followers.groups for part in parts]), return_inverse=True)
            sums = np.bincount(places, np.concatenate([part.weight * part.values for part in parts]))
            values = sums.astype(np.float64)
        scale = max(1.0, values.max().item())
        return cls(groups, values / scale, tuple(parts), scale)

    def score(self, groups: NDArray[np.int32] | NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the scores of variant groups, same shape; 0 where nothing leads."""
        places = self.groups.searchsorted(groups)
        places[places == len(self.groups)] = 0
        scores = self.values[places]
        scores[self.groups[places] != groups] = 0.0
        return scores

    def leads(self, group: int) -> list[Lead]:
        """Return the lists that lead to ``group``, what adds most first; their worths add up to its score."""
        leads = []
        for part in self.parts:
            place = int(part.followers.groups.searchsorted(group))
            if place < len(part.values) and part.followers.groups.item(place) == group:
                value = part.values.item(place)
                times, worth = part.followers.counts.item(place), part.weight * value / self.scale
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
                followers = _without(found.followers(shop.catalogue), left_out)
                if len(followers.groups):
                    values = followers.scores - max(followers.scores.max(), least)
                    parts.append(_Part(origin.row, position, code, weight, followers, np.exp(values, out=values)))
    return parts


def _without(followers: Followers, left_out: NDArray[np.intp]) -> Followers:
    # A page leaves out one group, which is quicker to compare with than to look for.
    is_one = len(left_out) == 1
    kept = followers.groups != left_out[0] if is_one else np.isin(followers.groups, left_out, invert=True)
    if kept.all():
        return followers
    return Followers(followers.groups[kept], followers.scores[kept], followers.counts[kept])
