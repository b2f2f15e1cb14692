"""The use case behind ``manage.py tune``: a shop's files, and the weights that suit it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.weights import ScoringWeights
from recommendations.evaluation.dataset import Dataset, Progress, Source, load
from recommendations.evaluation.report import as_json, describe
from recommendations.evaluation.run import BLEND, Row, compare
from recommendations.evaluation.scorers import Bench
from recommendations.evaluation.splits import NothingToAsk, Split, Targets, split
from recommendations.tuning.folds import Folded, folds_of, joined
from recommendations.tuning.making import Making, Search
from recommendations.tuning.remake import Remaking, made_of, search_making
from recommendations.tuning.search import Found, search
from recommendations.tuning.sheet import Metric
from recommendations.tuning.space import DIALS, Dial, changed

BEFORE = "before"
# In so many parts questions are asked, each from all before it, where half-lives are searched.
N_FOLDS = 6
# What the blend is made of, and so what it should be better than.
_SIGNALS = ("content", "trend", "behaviour", "sequence")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be tuned, on what. ``start``, ``made``: what is in force; ``dials``: names, none: all that matter.

    ``n_questions``: as many at most are asked in the search, and again as many afterwards, of other shoppers;
    ``n_sampled`` and ``n_remade``: questions and trials of each search that makes signals anew.
    """

    source: Source
    novel: bool = False
    search: tuple[Search, ...] = (Search.BLEND,)
    start: ScoringWeights = field(default_factory=ScoringWeights)
    made: Making = field(default_factory=Making)
    dials: tuple[str, ...] = ()
    metric: Metric = Metric.NDCG
    n_questions: int = 4000
    n_sampled: int = 1000
    n_trials: int = 150
    n_remade: int = 20
    seed: int = 0
    n_draws: int = 1000


@dataclass(frozen=True, slots=True)
class Tuned:
    """``rows``: each signal, the blend before and the blend after, on shoppers whom the search never saw.

    ``found``: the weights; ``remade``: what was found of that which signals are made with, one search after the other.
    """

    wish: Wish
    found: Found[ScoringWeights]
    remade: list[Found[Making]]
    rows: list[Row]
    data: dict[str, Any]

    @property
    def made(self) -> Making:
        """What signals were made with when the weights were searched."""
        return made_of(self.remade, self.wish.made)

    @property
    def changes(self) -> dict[str, tuple[float, float]]:
        """What is another weight of the profile."""
        return changed(self.wish.start, self.found.weights)

    @property
    def changes_of_making(self) -> dict[str, tuple[float, float]]:
        """What is made with other numbers; with the trend's half-life, which is told and no more."""
        found = self.made if not self.remade else replace(self.made, trend_hours=self.remade[0].weights.trend_hours)
        return changed(self.wish.made, found)

    @property
    def is_cut_short(self) -> bool:
        return self.found.is_cut_short or any(found.is_cut_short for found in self.remade)

    @property
    def gain(self) -> tuple[float, ...]:
        """How much better it is than before, at 20 places, and the bounds of that as far as drawn."""
        rows, metric = {row.scorer: row for row in self.rows}, f"{self.wish.metric}@20"
        before = rows[BEFORE]
        return before.gains.get(metric) or (rows[BLEND].metrics[metric] - before.metrics[metric],)

    def as_json(self) -> dict[str, Any]:
        wish = asdict(self.wish) | {"source": {"cut": self.wish.source.cut, "n_days": self.wish.source.n_days}}
        found = asdict(self.found) | {"changes": self.changes, "gain": self.gain, "is_cut_short": self.is_cut_short}
        remade = {"changes": self.changes_of_making, "searches": [asdict(found) for found in self.remade]}
        return as_json(self.rows, self.data, wish) | {"found": found, "remade": remade}


def tune(
    wish: Wish,
    on_problem: Callable[[str], None],
    on_progress: Progress,
    on_trial: Callable[[int, float, float], None] = lambda _n, _value, _best: None,
) -> Tuned:
    """Return what does best on a validation part; raises BadFile, OSError, NothingToAsk, NoOptimiser.

    The test part is not looked at: a file of its own is not opened, and of one file with both it is cut off first.
    What signals are made with is searched first, with the weights in force, and the weights with what was found.
    """
    source = replace(wish.source, test=None)
    dataset = load(source, wish.made.features(), on_problem, on_progress).validation()
    whole = split(dataset.log, dataset.is_test, Targets.NEXT, novel=wish.novel)
    searched, checked = _halves(whole, wish)
    sampled = _folds(wish, _sample(searched, wish))
    remaking = Remaking(dataset, sampled, wish.start, wish.made, wish.metric, wish.novel)
    remade = search_making(remaking, wish.search, n_trials=wish.n_remade, seed=wish.seed, on_progress=on_progress)
    made = made_of(remade, wish.made)
    found = _weights(wish, replace(remaking, folds=_folds(wish, searched)), made, remade, on_progress, on_trial)
    folds = _folds(wish, checked)
    benches = _BeforeAndAfter(
        _bench(remaking, folds, wish.made, wish.start), _bench(remaking, folds, made, found.weights)
    )
    asked = joined(checked, folds)
    rows = _checked(wish, dataset, asked, benches, on_progress)
    return Tuned(wish, found, remade, rows, describe(dataset, asked) | {"n_searched": len(searched.cases)})


def _weights(
    wish: Wish,
    remaking: Remaking,
    made: Making,
    remade: list[Found[Making]],
    on_progress: Progress,
    on_trial: Callable[[int, float, float], None],
) -> Found[ScoringWeights]:
    """Return the best weights of a profile, those in force where they are not searched."""
    if remade and (Search.BLEND not in wish.search or remade[-1].is_cut_short):
        return Found(wish.start, remade[-1].value, remade[-1].value, 0)
    pages = remaking.pages(made, on_progress)
    return search(
        lambda weights: pages.quality(weights, wish.metric),
        wish.start,
        _dials(wish, remaking.dataset),
        n_trials=wish.n_trials,
        seed=wish.seed,
        on_trial=on_trial,
    )


def _folds(wish: Wish, asked: Split) -> list[Split]:
    return folds_of(asked, N_FOLDS) if Search.HALF_LIVES in wish.search else [asked]


def _sample(searched: Split, wish: Wish) -> Split:
    """Return some of the questions, for searches that ask each of them again in every trial."""
    n = len(searched.cases)
    if n <= wish.n_sampled:
        return searched
    places = np.sort(np.random.default_rng(wish.seed).choice(n, wish.n_sampled, replace=False))
    return replace(searched, cases=searched.cases.take(places))


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


def _bench(remaking: Remaking, folds: list[Split], made: Making, weights: ScoringWeights) -> Folded:
    offline = remaking.shop(made, folds)
    return Folded([Bench(offline, fold, made.setting(weights)) for fold in folds])


def _checked(
    wish: Wish, dataset: Dataset, asked: Split, benches: "_BeforeAndAfter", on_progress: Progress
) -> list[Row]:
    """Return what the engine itself makes of the weights before and after."""
    known = benches.after.benches[0].names
    names = [*(name for name in _SIGNALS if name in known), BEFORE, BLEND]
    return compare(
        dataset.offline,
        asked,
        benches,
        names,
        novel=wish.novel,
        n_draws=wish.n_draws,
        seed=wish.seed,
        on_progress=lambda name, n: on_progress(name, n, len(asked.cases)),
    )


@dataclass(frozen=True, slots=True)
class _BeforeAndAfter:
    before: Folded
    after: Folded

    def lists(self, name: str, *, novel: bool, on_progress: Callable[[int], None]) -> NDArray[np.int32]:
        bench, name = (self.before, BLEND) if name == BEFORE else (self.after, name)
        return bench.lists(name, novel=novel, on_progress=on_progress)
