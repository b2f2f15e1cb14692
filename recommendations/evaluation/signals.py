"""The engine's signals, each by itself: what reads alike, what trends, what a shopper's own steps say."""

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.filters import Filter
from recommendations.engine.pages import Shop, trending
from recommendations.evaluation.baselines import RANKED
from recommendations.evaluation.cases import Cases
from recommendations.evaluation.opinions import Opinions


class Trend:
    """What the whole shop's trend list shows, to everybody."""

    name = "trend"

    def __init__(self, shop: Shop, now_seconds: float) -> None:
        places = trending(shop, Filter(), RANKED, now_seconds)
        self._rows = np.array([place.row for place in places], dtype=np.int32)

    def opinions(self, cases: Cases) -> Opinions:
        n = len(self._rows)
        return Opinions(
            np.repeat(np.arange(len(cases)), n), np.tile(self._rows, len(cases)), np.tile(n - np.arange(n), len(cases))
        )


class Content:
    """TF-IDF cosine with the last product."""

    name = "content"

    def __init__(self, shop: Shop) -> None:
        self._shop, self._shown = shop, shown_variants(shop)

    def opinions(self, cases: Cases) -> Opinions:
        return _nearest(self._shop, self._shown, cases.last_rows[:, None], np.ones(1))


class Behaviour:
    """The largest cosine with any recent product, each step back leaving a part of it, as ``BehaviourScorer`` has it.

    The neighbours that an index keeps decide every list that is shorter than they are.
    """

    name = "behaviour"

    def __init__(self, shop: Shop) -> None:
        self._shop, self._shown = shop, shown_variants(shop)

    def opinions(self, cases: Cases) -> Opinions:
        weights = self._shop.weights
        worth = np.power(weights.recency_decay, np.arange(weights.n_recent, dtype=np.float64))
        return _nearest(self._shop, self._shown, cases.recent(weights.n_recent), worth)


def shown_variants(shop: Shop) -> NDArray[np.int32]:
    """Return the row by which each group is shown: the hottest that may be, of equals the first; shape ``(n_groups,)``.

    A group of which none may be shown has −1.
    """
    catalogue = shop.catalogue
    (rows,) = np.nonzero(catalogue.is_active & catalogue.in_stock)
    order = rows[np.lexsort((rows, -shop.hotness.hour[rows]))]
    groups, first = np.unique(catalogue.groups[order], return_index=True)
    shown = np.full(len(catalogue.group_starts) - 1, -1, dtype=np.int32)
    shown[groups] = order[first]
    return shown


def _nearest(shop: Shop, shown: NDArray[np.int32], rows: NDArray[np.int32], worth: NDArray[np.float64]) -> Opinions:
    """Return the largest ``worth`` times cosine over each case's ``rows``, −1 for none; shape ``(n_cases, n)``."""
    owners, places = np.nonzero(rows >= 0)
    groups = shop.catalogue.groups[rows[owners, places]]
    near = shop.similarity.neighbour_ids[groups]
    scores = shop.similarity.neighbour_scores[groups] * worth[places, None]
    held = near >= 0
    found = Opinions(np.repeat(owners, held.sum(axis=1)), shown[near[held]], scores[held].astype(np.float64))
    found = found.where(found.rows >= 0)
    return _largest(found, len(shop.catalogue.groups))


def _largest(opinions: Opinions, n_rows: int) -> Opinions:
    """Return one opinion of each product in each case: the best."""
    ordered = opinions.where(np.argsort(-opinions.scores, kind="stable"))
    _, first = np.unique(ordered.owners * n_rows + ordered.rows, return_index=True)
    return ordered.where(first)
