"""The use case behind ``manage.py evaluate --live``: the same questions offline and to what serves, side by side."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommendations import serving
from recommendations.evaluation.dataset import Cut, Dataset, Progress, load
from recommendations.evaluation.offline import Answer, CannotBeReplayed, Question, chosen_scorers, drawn
from recommendations.evaluation.report import describe
from recommendations.evaluation.run import compare
from recommendations.evaluation.scorers import Bench
from recommendations.evaluation.splits import Split, Targets, split
from recommendations.replay import pipeline
from recommendations.replay.asking import Asking, Served
from recommendations.replay.script import Script
from recommendations.replay.shop import open_shop
from sdr import clock
from sdr.accounts.models import Tenant

LIVE = "live"


@dataclass(frozen=True, slots=True)
class _WithLive:
    """The offline scorers, and one more whose lists are there already."""

    bench: Bench
    served: Served

    def lists(self, name: str, *, novel: bool, on_progress: Callable[[int], None]) -> NDArray[np.int32]:
        return self.served.lists if name == LIVE else self.bench.lists(name, novel=novel, on_progress=on_progress)


def evaluate(tenant: Tenant, question: Question, on_problem: Callable[[str], None], on_progress: Progress) -> Answer:
    """Answer ``question`` offline and live, in the empty shop of ``tenant``, which is filled.

    Raises BadFile, OSError, NothingToAsk, UnknownScorer, CannotBeReplayed, Unavailable.
    """
    if question.source.cut is Cut.SESSIONS or question.targets is not Targets.NEXT:
        raise CannotBeReplayed("--live asks before each interaction of a log with times: no --sessions, no rest.")
    dataset = load(question.source, question.features, on_problem, on_progress)
    asked = drawn(split(dataset.log, dataset.is_test, question.targets, novel=question.novel), question)
    bench = Bench(dataset.offline, asked, question.setting, one_per_group=question.one_per_group)
    names = chosen_scorers(question.scorers, bench.names)
    served = _serve(tenant, dataset, asked, question, on_progress)
    rows = compare(
        dataset.offline,
        asked,
        _WithLive(bench, served),
        [*names, LIVE],
        novel=question.novel,
        n_draws=question.n_draws,
        seed=question.seed,
        on_progress=lambda name, n: on_progress(name, n, len(asked.cases)),
    )
    return Answer(question, rows, describe(dataset, asked) | {LIVE: _described(served)})


def _serve(tenant: Tenant, dataset: Dataset, asked: Split, question: Question, on_progress: Progress) -> Served:
    product_ids = open_shop(tenant, dataset, on_progress)
    script = Script.of(dataset.log, clock.now_seconds())
    try:
        with pipeline.running(tenant.slug) as replay:
            asking = Asking(tenant, replay, script, product_ids)
            return asking.ask_all(asked.cases, novel=question.novel, on_progress=on_progress)
    finally:
        serving.stop()


def _described(served: Served) -> dict[str, Any]:
    return {
        "n_events": served.n_events,
        "seconds": round(served.seconds, 1),
        "n_answers_lacking": dict(served.lacking),
        "time": "the log ends now, its distances are kept, and each question is asked at its own time",
    }
