"""How the signals of a page make one score."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.behaviour import BehaviourScorer
from recommendations.engine.reasons import PLAIN_REASONS, Reason, ReasonCode
from recommendations.engine.scorers import TrendScorer
from recommendations.engine.shop import Shop
from recommendations.engine.shopper import Shopper

# Of its category's peak, the decayed clicks below which nobody would call a product hot any more.
HOT_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Shares:
    """What each signal weighs in a page's score; together 1, or 0 where a merchandiser has switched all off."""

    content: float
    trend: float
    behaviour: float

    @classmethod
    def of_product_page(cls, shop: Shop, *, has_behaviour: bool) -> "Shares":
        weights, beta = shop.weights, shop.weights.behaviour if has_behaviour else 0.0
        return cls((1 - beta) * weights.content_share, (1 - beta) * weights.trend_share, beta)

    @classmethod
    def of_user_page(cls, shop: Shop) -> "Shares":
        return cls(0.0, shop.weights.user_trend_share, shop.weights.user_behaviour_share)


@dataclass(slots=True)
class Parts:
    """What each signal adds to the scores of some rows, each of shape ``(n_rows,)``; None for a signal that is silent.

    ``recents`` and ``preference`` are the two sides of behaviour; what all three leave of the total is trend.
    """

    rows: NDArray[np.int32]
    total: NDArray[np.float64]
    content: NDArray[np.float64] | None
    recents: NDArray[np.float64] | None = None
    preference: NDArray[np.float64] | None = None


class Blend:
    """The signals of one page. Content is given by the caller, who knows most of it without working it out."""

    def __init__(self, shop: Shop, shares: Shares, trend: TrendScorer, behaviour: BehaviourScorer | None) -> None:
        self.shop, self.shares, self.trend, self.behaviour = shop, shares, trend, behaviour

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
        return parts

    def reason(self, parts: Parts, place: int) -> Reason:
        """Return why the row at ``place`` is shown: the signal that adds most, if it is worth telling."""
        row, trend, most, code = parts.rows.item(place), parts.total.item(place), 0.0, ReasonCode.TRENDING
        for added, its_code in (
            (parts.content, ReasonCode.SIMILAR),
            (parts.recents, ReasonCode.BEHAVIOUR),
            (parts.preference, ReasonCode.PREFERENCE),
        ):
            if added is not None:
                amount = added.item(place)
                trend -= amount
                if amount > most:
                    most, code = amount, its_code
        # Good ratings alone are no trend. Who has nothing else to show for it stands here for its clicks.
        if trend > most > 0 and self.is_hot(row):
            code = ReasonCode.TRENDING
        if code is ReasonCode.BEHAVIOUR and self.behaviour is not None:
            return Reason(code, self.behaviour.steps(row)[0].row)
        return PLAIN_REASONS[code]

    def is_hot(self, row: int) -> bool:
        """Return whether the product in ``row`` owes its trend to clicks, too."""
        return bool(self.trend.clicks(np.array([row], dtype=np.int32))[0] >= HOT_SHARE)


def product_page_blend(shop: Shop, row: int, shopper: Shopper, now_seconds: float) -> Blend:
    """Return the blend beside the product in ``row``; without known behaviour, β is 0."""
    behaviour = None
    if shopper.is_known:
        found = BehaviourScorer.of(shop, shopper, but_group=int(shop.catalogue.groups[row]))
        behaviour = found if found.has_opinion else None
    shares = Shares.of_product_page(shop, has_behaviour=behaviour is not None)
    return Blend(shop, shares, TrendScorer(shop, now_seconds), behaviour)


def user_page_blend(shop: Shop, shopper: Shopper, now_seconds: float) -> Blend:
    """Return the blend for a shopper wherever they are; without known behaviour it has none."""
    found = BehaviourScorer.of(shop, shopper)
    behaviour = found if found.has_opinion else None
    return Blend(shop, Shares.of_user_page(shop), TrendScorer(shop, now_seconds), behaviour)
