"""Asking the engine's signals once about every candidate of every page, for a sheet."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommendations.engine import decay
from recommendations.engine.behaviour import BehaviourScorer
from recommendations.engine.candidates import Candidates, hot_groups, near_groups
from recommendations.engine.filters import Filter
from recommendations.engine.pages import Shop
from recommendations.engine.reasons import ReasonCode
from recommendations.engine.scorers import ContentScorer, TrendScorer
from recommendations.engine.sequence import SequenceScorer
from recommendations.engine.shopper import Shopper
from recommendations.engine.strategies import list_weights
from recommendations.engine.weights import ScoringWeights
from recommendations.evaluation.cases import Cases
from recommendations.evaluation.served import Blend, Lists
from recommendations.tuning import sheet
from recommendations.tuning.sheet import Sheet

# As many lists as any profile may ask for: a trial that asks for fewer passes over the others.
MAX_SEQUENCE = 20
_TELL_EVERY = 100


def all_asked(weights: ScoringWeights) -> ScoringWeights:
    """Return the weights under which a page is told all that a trial may want to know."""
    return replace(weights, sequence=1.0, sequence_bought=1.0, n_sequence=MAX_SEQUENCE)


def collect(
    shop: Shop,
    lists: Lists,
    cases: Cases,
    now_seconds: float,
    *,
    novel: bool,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Sheet:
    """Return the pages of ``cases``, each of which has one target; ``shop`` has weights of :func:`all_asked`."""
    columns = _Columns(shop, now_seconds)
    requests = Blend(shop, now_seconds, lists).requests(cases, novel=novel)
    for number, (request, target) in enumerate(zip(requests, cases.target_rows.tolist(), strict=True)):
        columns.add(*request, target)
        if number % _TELL_EVERY == 0:
            on_progress(number)
    return columns.sheet(len(cases))


@dataclass(slots=True)
class _Columns:
    """The sheet as it grows, page by page."""

    shop: Shop
    now_seconds: float
    parts: dict[str, list[NDArray[Any]]] = field(default_factory=dict)
    n_pages: int = 0
    n_groups: int = 0
    n_rows: int = 0
    n_lists: int = 0

    def add(self, row: int, filtering: Filter, shopper: Shopper, target: int) -> None:
        """Add a page, unless its target is no candidate on it."""
        shop = self.shop
        own = shop.catalogue.groups.item(row)
        sequence = SequenceScorer.of(shop, shopper.trail, self.now_seconds, list_weights(shop.weights), (own,))
        around = self._around(row)
        groups = self._candidates(around, own, sequence)
        target_group = shop.catalogue.groups.item(target)
        if target_group not in groups:
            return
        candidates = Candidates.of(shop, groups)
        allowed = filtering.allowed(shop.catalogue, candidates.rows)
        place = int(np.flatnonzero(candidates.rows == target)[0])
        if not allowed[place]:
            return
        behaviour = BehaviourScorer.of(shop, shopper, but_group=own)
        self._put("targets", [self.n_rows + place])
        self._put("group_starts", [self.n_groups])
        self._put("knows_shopper", [behaviour.has_opinion])
        self._put("around", np.isin(candidates.groups, around))
        self._add_groups(row, candidates, behaviour)
        self._add_rows(candidates.rows, allowed)
        if sequence is not None:
            self._add_lists(sequence, candidates.rows, shopper.trail.half_life_seconds)
        self.n_pages += 1
        self.n_groups += len(candidates.groups)
        self.n_rows += len(candidates.rows)

    def sheet(self, n_asked: int) -> Sheet:
        lists = sheet.Lists(
            positions=self._column("positions", np.int64),
            bought=self._column("bought", np.bool_),
            most=self._column("most", np.float64),
            owners=self._column("owners", np.intp),
            rows=self._column("list_rows", np.intp),
            scores=self._column("scores", np.float64),
        )
        n_recent = self.shop.weights.n_recent
        return Sheet(
            n_asked=n_asked,
            group_starts=self._column("group_starts", np.intp),
            row_starts=self._column("row_starts", np.intp),
            targets=self._column("targets", np.intp),
            cosines=self._column("cosines", np.float64),
            recents=self._column("recents", np.float32).reshape(-1, n_recent),
            rows=self._column("rows", np.int64),
            around=self._column("around", np.bool_),
            allowed=self._column("allowed", np.bool_),
            hours=self._column("hours", np.float64),
            peaks=self._column("peaks", np.float64),
            ratings=self._column("ratings", np.float64),
            knows_shopper=self._column("knows_shopper", np.bool_),
            lists=lists,
        )

    def _around(self, row: int) -> NDArray[np.intp]:
        """Return whom ``product_page`` considers whatever lists say."""
        hot = hot_groups(self.shop, (self.shop.catalogue.categories.item(row),))
        return np.concatenate([near_groups(self.shop, row)[0], hot]).astype(np.intp)

    def _candidates(self, around: NDArray[np.intp], own: int, sequence: SequenceScorer | None) -> NDArray[np.intp]:
        groups = np.unique(np.concatenate([around, sequence.groups]) if sequence is not None else around)
        return groups[(groups != own) & (self.shop.readings.group_sizes[groups] > 0)]

    def _add_groups(self, row: int, candidates: Candidates, behaviour: BehaviourScorer) -> None:
        starts = candidates.starts
        self._put("row_starts", self.n_rows + starts)
        self._put("cosines", self._cosines(row, candidates.groups.astype(np.int32)))
        recents = np.zeros((len(starts), self.shop.weights.n_recent), dtype=np.float32)
        recents[:, : len(behaviour.recent)] = behaviour.cosines(candidates.groups.astype(np.int32)).T
        self._put("recents", recents.ravel())

    def _cosines(self, row: int, groups: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return the cosines with the page's product: of its neighbours as the index has them."""
        near, kept = near_groups(self.shop, row)
        cosines = ContentScorer.beside(self.shop, row).unlike(groups)
        listed = np.isin(near, groups)
        cosines[groups.searchsorted(near[listed])] = kept[listed]
        return cosines

    def _add_rows(self, rows: NDArray[np.int32], allowed: NDArray[np.bool_]) -> None:
        catalogue, hotness = self.shop.catalogue, self.shop.hotness
        faded = decay.rate_constant(decay.HOUR_SECONDS) * self.now_seconds
        self._put("rows", rows)
        self._put("allowed", allowed)
        self._put("hours", hotness.hour[rows] - faded)
        self._put("peaks", hotness.peaks[catalogue.categories[rows]] - faded)
        self._put("ratings", TrendScorer(self.shop, self.now_seconds).ratings(rows))

    def _add_lists(self, sequence: SequenceScorer, rows: NDArray[np.int32], half_life_seconds: float) -> None:
        faded = decay.rate_constant(half_life_seconds) * self.now_seconds
        order = rows.argsort()
        for part in sequence.parts:
            followers = part.followers
            self._put("positions", [part.position])
            self._put("bought", [part.code is ReasonCode.BOUGHT_TOGETHER])
            self._put("most", [followers.scores.max() - faded])
            self._put("scores", followers.row_scores - faded)
            self._put("list_rows", self.n_rows + order[rows.searchsorted(followers.rows, sorter=order)])
            self._put("owners", np.full(len(followers.rows), self.n_lists))
            self.n_lists += 1

    def _put(self, name: str, values: object) -> None:
        self.parts.setdefault(name, []).append(np.asarray(values))

    def _column(self, name: str, dtype: type[np.generic]) -> NDArray[Any]:
        return np.concatenate([np.empty(0, dtype), *self.parts.get(name, [])]).astype(dtype)
