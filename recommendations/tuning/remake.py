"""Searching what signals are made with: each trial makes them anew, so there are few, on a sample of the questions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from recommendations.engine.weights import ScoringWeights
from recommendations.evaluation.dataset import Dataset, Progress
from recommendations.evaluation.following import OfflineLists
from recommendations.evaluation.scorers import Bench
from recommendations.evaluation.shop import OfflineShop
from recommendations.evaluation.splits import NothingToAsk, Split
from recommendations.tuning.collect import all_asked, collect
from recommendations.tuning.making import Making, Search, settable
from recommendations.tuning.search import Found, search
from recommendations.tuning.sheet import Metric, Sheet
from recommendations.tuning.space import FIELD_DIALS, HALF_LIFE_DIALS, Dial


@dataclass(frozen=True, slots=True)
class Pages:
    """Sheets of parts of the questions, together."""

    sheets: Sequence[Sheet]

    def quality(self, weights: ScoringWeights, metric: Metric) -> float:
        """Return the mean over all questions, in [0, 1]."""
        n = sum(sheet.n_asked for sheet in self.sheets)
        return sum(sheet.n_asked * sheet.quality(weights, metric) for sheet in self.sheets) / n if n else 0.0


@dataclass(frozen=True, slots=True)
class Remaking:
    """Who makes signals for ``folds``, whose questions are asked with the rules of ``weights``."""

    dataset: Dataset
    folds: Sequence[Split]
    weights: ScoringWeights
    start: Making
    metric: Metric
    novel: bool
    known: dict[tuple[float, ...], float] = field(default_factory=dict)

    def quality(self, making: Making) -> float:
        """Return what the weights make of signals that are made so; the same is not made twice."""
        if not making.has_text and self.dataset.offline.has_texts:
            return 0.0
        if making.key not in self.known:
            self.known[making.key] = self.pages(making).quality(self.weights, self.metric)
        return self.known[making.key]

    def pages(self, making: Making, on_progress: Progress = lambda _step, _done, _of: None) -> Pages:
        offline, n_done, sheets = self.shop(making, self.folds), 0, []
        n = sum(len(fold.cases) for fold in self.folds)
        for fold in self.folds:
            sheets.append(
                sheet_of(
                    offline,
                    fold,
                    self.weights,
                    making,
                    novel=self.novel,
                    on_progress=lambda done, before=n_done: on_progress("pages", before + done, n),  # type: ignore[misc]
                )
            )
            n_done += len(fold.cases)
        return Pages(sheets)

    def shop(self, making: Making, asked: Sequence[Split]) -> OfflineShop:
        """Return the shop as ``making`` reads its texts, for pages beside what the shoppers of ``asked`` met lately."""
        offline = self.dataset.offline
        if making.key[2:] == self.start.key[2:]:
            return offline
        met = np.unique(np.concatenate([fold.cases.recent(self.weights.n_recent).ravel() for fold in asked]))
        return offline.with_features(making.features(), met[met >= 0])


def search_making(
    remaking: Remaking, what: Sequence[Search], *, n_trials: int, seed: int, on_progress: Progress
) -> list[Found[Making]]:
    """Return what was found of half-lives and then, with that, of fields, ``n_trials`` each. Raises NothingToAsk.

    The half-life of the trend is told, and not gone on with: nobody can set it.
    """
    found: list[Found[Making]] = []
    for kind in (Search.HALF_LIVES, Search.FIELDS):
        if kind in what and not (found and found[-1].is_cut_short):
            tell = _telling(on_progress, kind, remaking.metric, n_trials)
            start = settable(found[-1].weights, remaking.start) if found else remaking.start
            dials = _dials(kind, remaking.dataset)
            found.append(search(remaking.quality, start, dials, n_trials=n_trials, seed=seed, on_trial=tell))
    return found


def made_of(found: Sequence[Found[Making]], start: Making) -> Making:
    """Return what the searches ended with, as far as a shop can have it."""
    return settable(found[-1].weights, start) if found else start


def sheet_of(
    offline: OfflineShop,
    asked: Split,
    weights: ScoringWeights,
    making: Making,
    *,
    novel: bool,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Sheet:
    """Return the pages of what is asked, by any weights with the rules of ``weights``."""
    setting = making.setting(all_asked(weights))
    bench = Bench(offline, asked, setting)
    lists = OfflineLists(asked.train, bench.viewed, asked.now_seconds, setting.following)
    return collect(bench.shop, lists, asked.cases, asked.now_seconds, novel=novel, on_progress=on_progress)


def _telling(on_progress: Progress, kind: Search, metric: Metric, n_trials: int) -> Callable[[int, float, float], None]:
    return lambda n, _value, best: on_progress(f"{kind.replace('_', '-')}, best {metric}@20 {best:.4f}", n, n_trials)


def _dials(kind: Search, dataset: Dataset) -> Sequence[Dial]:
    if kind is Search.HALF_LIVES:
        return HALF_LIFE_DIALS
    dials = [dial for dial in FIELD_DIALS if any(dataset.offline.texts.get(dial.name, ()))]
    if not dataset.offline.has_texts or len(dials) < 2:  # noqa: PLR2004  one field has nothing to be weighed against
        raise NothingToAsk("There are no fields of texts to weigh against each other: search for something else.")
    return dials
