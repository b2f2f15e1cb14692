"""The same questions from the archive, put to each of some versions of the index."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from events.live.sequences.parameters import DAY_SECONDS
from recommendations.engine.next_lists import NextList
from recommendations.engine.reasons import ReasonCode
from recommendations.engine.weights import ScoringWeights
from recommendations.evaluation.cases import Cases, next_steps
from recommendations.evaluation.following import FollowingParameters, OfflineLists, learn_viewed
from recommendations.evaluation.metrics import by_case, find_hits
from recommendations.evaluation.run import BLEND
from recommendations.evaluation.scorers import Bench, Setting
from recommendations.evaluation.served import Blend
from recommendations.evaluation.shop import OfflineShop
from recommendations.evaluation.splits import Split, last_days
from recommendations.index.index import Index
from recommendations.quality.archive import Archived

CONTENT, POPULARITY = "content", "popularity"


class TooFewCases(Exception):
    """The archive asks fewer questions than an answer could be told from chance by."""

    def __init__(self, n_cases: int) -> None:
        self.n_cases = n_cases
        super().__init__(f"not enough events: {n_cases} of the {settings.QUALITY_MIN_CASES} cases that it takes")


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of one version: ``values`` by scorer, metric and case; ``metrics``: their means."""

    shoppers: NDArray[np.int32]
    values: dict[str, dict[str, NDArray[np.float64]]]
    metrics: dict[str, dict[str, float]]

    @property
    def n_cases(self) -> int:
        return len(self.shoppers)


@dataclass(frozen=True, slots=True)
class Questions:
    """Cases whose rows are places in the archive's products, and which interactions may be learned from."""

    archived: Archived
    is_test: NDArray[np.bool_]
    cases: Cases


def measure(
    archived: Archived, indexes: Sequence[Index], weights: ScoringWeights, *, max_cases: int, seed: int = 0
) -> list[Figures]:
    """Return the figures of each index, all for the same questions; raises TooFewCases."""
    questions = _ask(archived, indexes, max_cases, seed)
    lists = _Learned(questions)
    return [_figures(questions, lists, index, weights) for index in indexes]


def _ask(archived: Archived, indexes: Sequence[Index], max_cases: int, seed: int) -> Questions:
    """Ask for the last days, beside products that every index has: the page of one it lacks would say nothing of it.

    A target that an index lacks is a miss of that index.
    """
    log = archived.log
    if not len(log):
        raise TooFewCases(0)
    is_test = last_days(log, settings.QUALITY_TEST_DAYS)
    known = np.all([_rows(archived, index) >= 0 for index in indexes], axis=0)
    cases = next_steps(log, is_test)
    cases = cases.take(np.flatnonzero(known[cases.last_rows]))
    if len(cases) < settings.QUALITY_MIN_CASES or is_test.all():
        raise TooFewCases(0 if is_test.all() else len(cases))
    if len(cases) > max_cases:
        cases = cases.take(np.sort(np.random.default_rng(seed).choice(len(cases), max_cases, replace=False)))
    return Questions(archived, is_test, cases)


def _rows(archived: Archived, index: Index) -> NDArray[np.int32]:
    return index.catalogue.vocabulary.rows_of(archived.product_ids).astype(np.int32)


class _Learned:
    """What shoppers went on to, learned once: it is told by products, whatever the index."""

    def __init__(self, questions: Questions) -> None:
        train = questions.archived.log.where(~questions.is_test)
        self.parameters = FollowingParameters(half_life_seconds=settings.SEQUENCE_HALF_LIFE_DAYS * DAY_SECONDS)
        self.now_seconds = train.end_seconds
        self.product_ids = questions.archived.product_ids
        viewed = learn_viewed(train, len(self.product_ids), self.now_seconds, self.parameters)
        self._lists = OfflineLists(train, viewed, self.now_seconds, self.parameters)
        self._named: dict[tuple[int, ReasonCode], NextList | None] = {}

    def at(self, place: int, code: ReasonCode) -> NextList | None:
        """Return one list of the product at ``place`` in the archive, of products by their ids."""
        if (place, code) not in self._named:
            found = self._lists.of(place, code)  # whose ids are places and one
            ids = None if found is None else self.product_ids[found.product_ids - 1]
            self._named[place, code] = (
                None if found is None or ids is None else NextList(ids, found.scores, found.counts)
            )
        return self._named[place, code]


class _ListsOf:
    """The learned lists, asked for by the rows of one index."""

    def __init__(self, learned: _Learned, rows: NDArray[np.int32]) -> None:
        self.half_life_seconds = learned.parameters.half_life_seconds
        self._learned = learned
        self._places = {row: place for place, row in enumerate(rows.tolist()) if row >= 0}

    def of(self, row: int, code: ReasonCode) -> NextList | None:
        place = self._places.get(row)
        return None if place is None else self._learned.at(place, code)


def _figures(questions: Questions, learned: _Learned, index: Index, weights: ScoringWeights) -> Figures:
    split = _in_rows_of(index, questions, learned.now_seconds)
    shop = OfflineShop(index, [""] * len(index.catalogue.vocabulary))
    bench = Bench(shop, split, Setting(weights, learned.parameters))
    lists = _ListsOf(learned, _rows(questions.archived, index))
    found = {BLEND: Blend(bench.shop, split.now_seconds, lists).lists(split.cases, novel=False)}
    for name in (CONTENT, POPULARITY):
        if name in bench.names:
            found[name] = bench.lists(name, novel=False, on_progress=lambda _n: None)
    values = {name: by_case(find_hits(rows, split.cases), split.cases.n_targets) for name, rows in found.items()}
    means = {name: {metric: float(by.mean()) for metric, by in own.items()} for name, own in values.items()}
    return Figures(split.cases.shoppers, values, means)


def _in_rows_of(index: Index, questions: Questions, now_seconds: float) -> Split:
    """Return the questions in the words of one index. What it lacks is in no history, and no list can hit it."""
    log, cases = questions.archived.log, questions.cases
    places = _rows(questions.archived, index)
    rows, targets = places[log.rows], places[cases.target_rows]
    known = rows >= 0
    own = replace(log, rows=rows, purchases=log.purchases & known)
    nowhere = np.int32(len(index.catalogue.vocabulary))
    asked = replace(cases, log=own, target_rows=np.where(targets >= 0, targets, nowhere))
    return Split(own.where(known & ~questions.is_test), asked, 0, now_seconds)
