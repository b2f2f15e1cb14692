"""The use case behind ``manage.py evaluate``: a question about files, and the answer."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from recommendations.engine.feature_parameters import FeatureParameters
from recommendations.evaluation.dataset import Progress, Source, load
from recommendations.evaluation.report import as_json, describe
from recommendations.evaluation.run import Row, compare
from recommendations.evaluation.scorers import Bench, Setting
from recommendations.evaluation.splits import Split, Targets, split
from sdr.exceptions import SdrError


class UnknownScorer(SdrError):
    """A scorer that does not exist, or that this data cannot be put to."""

    code = "unknown_scorer"


class CannotBeReplayed(SdrError):
    """A question that only a log can be asked, not a shop."""

    code = "cannot_be_replayed"


@dataclass(frozen=True, slots=True)
class Question:
    """What to compare, on what. No ``scorers``: all; ``limit``: how many cases are drawn, None: all of them."""

    source: Source
    targets: Targets = Targets.NEXT
    novel: bool = False
    scorers: tuple[str, ...] = ()
    limit: int | None = None
    seed: int = 0
    n_draws: int = 1000
    one_per_group: bool = True
    features: FeatureParameters = field(default_factory=FeatureParameters)
    setting: Setting = field(default_factory=Setting)


@dataclass(frozen=True, slots=True)
class Answer:
    question: Question
    rows: list[Row]
    data: dict[str, Any]

    @property
    def title(self) -> str:
        question = self.question
        kind = "products not just seen" if question.novel else "all targets"
        return f"{', '.join(self.data['files'])}: {self.data['n_cases']:,} cases, {question.targets}, {kind}"

    def as_json(self) -> dict[str, Any]:
        parameters = asdict(self.question) | {"features": asdict(self.question.features)}
        parameters["source"] = {"cut": self.question.source.cut, "n_days": self.question.source.n_days}
        return as_json(self.rows, self.data, parameters)


def evaluate(question: Question, on_problem: Callable[[str], None], on_progress: Progress) -> Answer:
    """Answer ``question``; raises BadFile, OSError, NothingToAsk, UnknownScorer."""
    dataset = load(question.source, question.features, on_problem, on_progress)
    whole = split(dataset.log, dataset.is_test, question.targets, novel=question.novel)
    asked = drawn(whole, question)
    bench = Bench(dataset.offline, asked, question.setting, one_per_group=question.one_per_group)
    names = chosen_scorers(question.scorers, bench.names)
    rows = compare(
        dataset.offline,
        asked,
        bench,
        names,
        novel=question.novel,
        n_draws=question.n_draws,
        seed=question.seed,
        on_progress=lambda name, n: on_progress(name, n, len(asked.cases)),
    )
    return Answer(question, rows, describe(dataset, asked))


def drawn(whole: Split, question: Question) -> Split:
    """Return as many of the cases as ``question`` asks for."""
    n = len(whole.cases)
    if question.limit is None or question.limit >= n:
        return whole
    chosen = np.sort(np.random.default_rng(question.seed).choice(n, question.limit, replace=False))
    return Split(whole.train, whole.cases.take(chosen), whole.n_strangers, whole.now_seconds)


def chosen_scorers(wanted: tuple[str, ...], known: list[str]) -> list[str]:
    """Return those of the ``known`` that are wanted, all where none is named; raises UnknownScorer."""
    if unknown := [name for name in wanted if name not in known]:
        raise UnknownScorer(f"No scorer for this data: {', '.join(unknown)}. There are: {', '.join(known)}.")
    return [name for name in known if name in wanted] if wanted else known
