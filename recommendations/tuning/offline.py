"""The use case behind ``manage.py tune``: a shop's files, and the weights that suit it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.features import FeatureParameters
from recommendations.engine.weights import ScoringWeights
from recommendations.evaluation.dataset import Dataset, Progress, Source, load
from recommendations.evaluation.following import OfflineLists
from recommendations.evaluation.report import as_json, describe
from recommendations.evaluation.run import BLEND, Row, compare
from recommendations.evaluation.scorers import Bench, Setting
from recommendations.evaluation.splits import NothingToAsk, Split, Targets, split
from recommendations.tuning.collect import all_asked, collect
from recommendations.tuning.search import Found, search
from recommendations.tuning.sheet import Metric, Sheet
from recommendations.tuning.space import DIALS, Dial, changed

BEFORE = "before"
# What the blend is made of, and so what it should be better than.
_SIGNALS = ("content", "trend", "behaviour", "sequence")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be tuned, on what. ``start``: the weights in force; ``dials``: names, none: all that matter.

    ``n_questions``: as many at most are asked in the search, and again as many afterwards, of other shoppers.
    """

    source: Source
    novel: bool = False
    start: ScoringWeights = field(default_factory=ScoringWeights)
    dials: tuple[str, ...] = ()
    metric: Metric = Metric.NDCG
    n_questions: int = 4000
    n_trials: int = 150
    seed: int = 0
    n_draws: int = 1000
    features: FeatureParameters = field(default_factory=FeatureParameters)


@dataclass(frozen=True, slots=True)
class Tuned:
    """``rows``: each signal, the blend before and the blend after, on shoppers whom the search never saw."""

    wish: Wish
    found: Found
    rows: list[Row]
    data: dict[str, Any]

    @property
    def changes(self) -> dict[str, tuple[float, float]]:
        return changed(self.wish.start, self.found.weights)

    @property
    def gain(self) -> tuple[float, ...]:
        """How much better the weights are than those before, at 20 places, and the bounds of that as far as drawn."""
        rows, metric = {row.scorer: row for row in self.rows}, f"{self.wish.metric}@20"
        before = rows[BEFORE]
        return before.gains.get(metric) or (rows[BLEND].metrics[metric] - before.metrics[metric],)

    def as_json(self) -> dict[str, Any]:
        wish = asdict(self.wish) | {"source": {"cut": self.wish.source.cut, "n_days": self.wish.source.n_days}}
        found = asdict(self.found) | {"changes": self.changes, "gain": self.gain}
        return as_json(self.rows, self.data, wish) | {"found": found}


def tune(
    wish: Wish,
    on_problem: Callable[[str], None],
    on_progress: Progress,
    on_trial: Callable[[int, float, float], None] = lambda _n, _value, _best: None,
) -> Tuned:
    """Return the weights that do best on a validation part; raises BadFile, OSError, NothingToAsk, NoOptimiser.

    The test part is not looked at: a file of its own is not opened, and of one file with both it is cut off first.
    """
    dataset = load(replace(wish.source, test=None), wish.features, on_problem, on_progress).validation()
    whole = split(dataset.log, dataset.is_test, Targets.NEXT, novel=wish.novel)
    searched, checked = _halves(whole, wish)
    sheet = sheet_of(dataset, searched, wish.start, novel=wish.novel, on_progress=on_progress)
    found = search(
        lambda weights: sheet.quality(weights, wish.metric),
        wish.start,
        _dials(wish, dataset),
        n_trials=wish.n_trials,
        seed=wish.seed,
        on_trial=on_trial,
    )
    rows = _checked(wish, dataset, checked, found.weights, on_progress)
    return Tuned(wish, found, rows, describe(dataset, checked) | {"n_searched": len(searched.cases)})


def sheet_of(dataset: Dataset, asked: Split, weights: ScoringWeights, *, novel: bool, on_progress: Progress) -> Sheet:
    """Return the pages of what is asked, by any weights with the rules of ``weights``."""
    setting = Setting(weights=all_asked(weights))
    bench, n = Bench(dataset.offline, asked, setting), len(asked.cases)
    lists = OfflineLists(asked.train, bench.viewed, asked.now_seconds, setting.following)
    return collect(
        bench.shop,
        lists,
        asked.cases,
        asked.now_seconds,
        novel=novel,
        on_progress=lambda done: on_progress("pages", done, n),
    )


def _halves(whole: Split, wish: Wish) -> tuple[Split, Split]:
    """Return the questions of one half of the shoppers, to search with, and of the other half, to check with."""
    rng, shoppers = np.random.default_rng(wish.seed), np.unique(whole.cases.shoppers)
    if len(shoppers) < 2:  # noqa: PLR2004  halves of one
        raise NothingToAsk("The validation part has a single shopper: nothing is left to check with.")
    half = rng.permutation(shoppers)[: len(shoppers) // 2]
    is_checked = np.isin(whole.cases.shoppers, half)
    one, other = (_drawn(whole, np.flatnonzero(chosen), wish, rng) for chosen in (~is_checked, is_checked))
    return one, other


def _drawn(whole: Split, places: NDArray[np.intp], wish: Wish, rng: np.random.Generator) -> Split:
    if len(places) > wish.n_questions:
        places = np.sort(rng.choice(places, wish.n_questions, replace=False))
    return replace(whole, cases=whole.cases.take(places))


def _dials(wish: Wish, dataset: Dataset) -> list[Dial]:
    """Return the dials that were asked for, else those that can matter here."""
    if wish.dials:
        return [dial for dial in DIALS if dial.name in wish.dials]
    catalogue = dataset.offline.index.catalogue
    has = {
        "texts": dataset.offline.has_texts,
        "ratings": bool((~np.isnan(catalogue.ratings)).any()),
        "purchases": bool(dataset.log.purchases.any()),
    }
    return [dial for dial in DIALS if dial.needs is None or has[dial.needs]]


def _checked(wish: Wish, dataset: Dataset, asked: Split, weights: ScoringWeights, on_progress: Progress) -> list[Row]:
    """Return what the engine itself makes of the weights before and after."""
    before, after = (Bench(dataset.offline, asked, Setting(weights=those)) for those in (wish.start, weights))
    names = [*(name for name in _SIGNALS if name in after.names), BEFORE, BLEND]
    return compare(
        dataset.offline,
        asked,
        _BeforeAndAfter(before, after),
        names,
        novel=wish.novel,
        n_draws=wish.n_draws,
        seed=wish.seed,
        on_progress=lambda name, n: on_progress(name, n, len(asked.cases)),
    )


@dataclass(frozen=True, slots=True)
class _BeforeAndAfter:
    before: Bench
    after: Bench

    def lists(self, name: str, *, novel: bool, on_progress: Callable[[int], None]) -> NDArray[np.int32]:
        bench, name = (self.before, BLEND) if name == BEFORE else (self.after, name)
        return bench.lists(name, novel=novel, on_progress=on_progress)
