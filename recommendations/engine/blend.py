"""How the signals of a page make one score."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.around import PageSequence, page_sequence
from recommendations.engine.behaviour import BehaviourScorer
from recommendations.engine.candidates import Groups
from recommendations.engine.reasons import PLAIN_REASONS, Reason, ReasonCode
from recommendations.engine.scorers import TrendScorer
from recommendations.engine.sequence import SequenceScorer
from recommendations.engine.shop import Shop
from recommendations.engine.shopper import Shopper
from recommendations.engine.strategies import Strategy, list_weights, user_list_weights
from recommendations.engine.weights import ScoringWeights

# Of its category's peak, the decayed clicks below which nobody would call a product hot any more.
HOT_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Shares:
    """What each signal weighs in a page's score; together 1, or 0 where a merchandiser has switched all off."""

    content: float = 0.0
    trend: float = 0.0
    behaviour: float = 0.0
    sequence: float = 0.0

    @classmethod
    def of_product_page(cls, weights: ScoringWeights, *, has_behaviour: bool, has_sequence: bool = False) -> "Shares":
        beta = weights.behaviour if has_behaviour else 0.0
        sigma = weights.sequence if has_sequence else 0.0
        rest = 1 - sigma
        item_page = rest * (1 - beta)
        return cls(item_page * weights.content_share, item_page * weights.trend_share, rest * beta, sigma)

    @classmethod
    def of_user_page(cls, weights: ScoringWeights, *, has_sequence: bool = False) -> "Shares":
        sigma = weights.user_sequence if has_sequence else 0.0
        rest = 1 - sigma
        return cls(0.0, rest * weights.user_trend_share, rest * weights.user_behaviour_share, sigma)


@dataclass(slots=True)
class Parts:
    """What each signal adds to the scores of some rows, each of shape ``(n_rows,)``; None for a signal that is silent.

    ``recents`` and ``preference`` are the two sides of behaviour; what all these leave of the total is trend.
    """

    rows: NDArray[np.int32]
    total: NDArray[np.float64]
    content: NDArray[np.float64] | None
    recents: NDArray[np.float64] | None = None
    preference: NDArray[np.float64] | None = None
    sequence: NDArray[np.float64] | None = None


class Blend:
    """The signals of one page. Content is given by the caller, who knows most of it without working it out."""

    def __init__(
        self,
        shop: Shop,
        shares: Shares,
        trend: TrendScorer,
        behaviour: BehaviourScorer | None = None,
        sequence: SequenceScorer | None = None,
    ) -> None:
        self.shop, self.shares, self.trend, self.behaviour, self.sequence = shop, shares, trend, behaviour, sequence
        # On a product's page, what is known of it beforehand.
        self.page_sequence: PageSequence | None = None

    def parts(self, rows: NDArray[np.int32], content: NDArray[np.float64] | None = None) -> Parts:
        """Return what each signal adds; ``content``: the rows' cosines with the page's product times its share."""
        parts = Parts(rows, self.trend.scaled(rows, self.shares.trend), content)
        if content is not None:
            parts.total += content
        if self.behaviour is not None:
            weights, share = self.shop.weights, self.shares.behaviour
            parts.recents = share * weights.recent_share * self.behaviour.recents(rows)
            parts.preference = share * weights.preference_share * self.behaviour.preference(rows)
            parts.total += parts.recents
            parts.total += parts.preference
        if self.sequence is not None:
            parts.sequence = self.shares.sequence * self.sequence.score_rows(rows, self.shop.catalogue.groups[rows])
            parts.total += parts.sequence
        return parts

    def bounds(self, groups: Groups) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what trend and behaviour together are likely to add to the score of each group, and the most."""
        most = self.trend.most(groups)
        most *= self.shares.trend
        if self.behaviour is None:
            return most, most
        likely, at_most = self.behaviour.bounds(groups)
        return most + self.shares.behaviour * likely, most + self.shares.behaviour * at_most

    def reason(self, parts: Parts, place: int) -> Reason:
        """Return why the row at ``place`` is shown."""
        row = parts.rows.item(place)
        content, recents, preference, sequence = (
            0.0 if added is None else added.item(place)
            for added in (parts.content, parts.recents, parts.preference, parts.sequence)
        )
        code = strongest(parts.total.item(place), content, recents, preference, sequence, lambda: self.is_hot(row))
        if code is ReasonCode.BEHAVIOUR and self.behaviour is not None:
            return Reason(code, self.behaviour.strongest(row))
        return self.reason_of(code, self.shop.catalogue.groups.item(row))

    def reason_of(self, code: ReasonCode, group: int) -> Reason:
        """Return the reason of a signal that is not behaviour; of the lists, the one that leads to ``group`` most."""
        return self.reason_of_sequence(group) if code is ReasonCode.ALSO_VIEWED else PLAIN_REASONS[code]

    def reason_of_sequence(self, group: int) -> Reason:
        """Return which of the lists that lead to ``group`` adds most."""
        return self.sequence.reason(group) if self.sequence else PLAIN_REASONS[ReasonCode.TRENDING]

    def is_hot(self, row: int) -> bool:
        """Return whether the product in ``row`` owes its trend to clicks, too."""
        return bool(self.trend.clicks(np.array([row], dtype=np.int32))[0] >= HOT_SHARE)


def strongest(
    total: float, content: float, recents: float, preference: float, sequence: float, is_hot: Callable[[], bool]
) -> ReasonCode:
    """Return the signal that adds most to ``total``, if it is worth telling; what the four leave of it is trend.

    Good ratings alone are no trend, so ``is_hot`` is asked. Who has nothing to show stands there for its clicks.
    """
    most = max(content, recents, preference, sequence)
    if most <= 0 or (total - content - recents - preference - sequence > most and is_hot()):
        return ReasonCode.TRENDING
    if content == most:
        return ReasonCode.SIMILAR
    if recents == most:
        return ReasonCode.BEHAVIOUR
    return ReasonCode.PREFERENCE if preference == most else ReasonCode.ALSO_VIEWED


def product_page_blend(
    shop: Shop,
    row: int,
    shopper: Shopper,
    now_seconds: float,
    strategy: Strategy = Strategy.HYBRID,
    categories: tuple[int, ...] = (),
) -> Blend:
    """Return the blend beside the product in ``row``; what is not known of behaviour and lists has no share.

    A ``strategy`` of one signal is a blend of that alone. ``categories``: those asked for.
    """
    lists = list_weights(shop.weights, strategy)
    known = page_sequence(shop, row, shopper.trail, now_seconds, lists, strategy)
    sequence = known.scorer if known else None
    if strategy is not Strategy.HYBRID:
        peaks = around_categories(shop, row, categories) if strategy is Strategy.TRENDING else ()
        blend = Blend(shop, _ALONE[strategy], TrendScorer(shop, now_seconds, peaks), None, sequence)
    else:
        behaviour = _behaviour(shop, shopper, but_group=shop.catalogue.groups.item(row)) if shopper.is_known else None
        shares = _page_shares(shop, has_behaviour=behaviour is not None, has_sequence=sequence is not None)
        blend = Blend(shop, shares, TrendScorer(shop, now_seconds), behaviour, sequence)
    blend.page_sequence = known
    return blend


def _page_shares(shop: Shop, *, has_behaviour: bool, has_sequence: bool) -> Shares:
    """Return what was worked out for these weights once."""
    known = shop.readings.page_shares
    shares: Shares | None = known.get((has_behaviour, has_sequence))
    if shares is None:
        shares = Shares.of_product_page(shop.weights, has_behaviour=has_behaviour, has_sequence=has_sequence)
        known[has_behaviour, has_sequence] = shares
    return shares


def user_page_blend(shop: Shop, shopper: Shopper, now_seconds: float) -> Blend:
    """Return the blend for a shopper wherever they are; what is not known of them has no share.

    Lists do not lead to what the shopper has just met.
    """
    met = shop.catalogue.groups[list(shopper.recent)].tolist()
    sequence = SequenceScorer.of(shop, shopper.trail, now_seconds, user_list_weights(shop.weights), met)
    shares = Shares.of_user_page(shop.weights, has_sequence=sequence is not None)
    return Blend(shop, shares, TrendScorer(shop, now_seconds), _behaviour(shop, shopper), sequence)


def around_categories(shop: Shop, row: int, categories: tuple[int, ...]) -> tuple[int, ...]:
    """Return the categories in which something hot is looked for: those asked for, else that of ``row``."""
    return categories or (shop.catalogue.categories.item(row),)


def _behaviour(shop: Shop, shopper: Shopper, *, but_group: int | None = None) -> BehaviourScorer | None:
    found = BehaviourScorer.of(shop, shopper, but_group=but_group)
    return found if found.has_opinion else None


_ALONE = {
    Strategy.SIMILAR: Shares(content=1.0),
    Strategy.ALSO_VIEWED: Shares(sequence=1.0),
    Strategy.BOUGHT_TOGETHER: Shares(sequence=1.0),
    Strategy.TRENDING: Shares(trend=1.0),
}
