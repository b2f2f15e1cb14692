"""Questions by when they are asked, each part of them from all that happened before it: a rolling origin.

Tashman, "Out-of-sample tests of forecasting accuracy", International Journal of Forecasting 2000. A signal that fades
within hours says nothing a day after what it was learned from: its half-life can only be judged soon after.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommendations.evaluation.scorers import Bench
from recommendations.evaluation.splits import NothingToAsk, Split


def folds_of(asked: Split, n_folds: int) -> list[Split]:
    """Return the questions in at most ``n_folds`` parts, one after the other; each learns from all before its first.

    Nothing of one instant is learned from by what is asked at that instant. Raises NothingToAsk without times.
    """
    log, cases = asked.cases.log, asked.cases
    if not log.has_times:
        raise NothingToAsk("A log without times tells nothing of half-lives: search for something else.")
    asked_at = log.seconds[cases.ends]
    starts = np.unique(np.quantile(asked_at, np.arange(n_folds) / n_folds, method="lower"))
    numbers = np.searchsorted(starts, asked_at, side="right") - 1
    folds = []
    for number, start in enumerate(starts.tolist()):
        train = log.where(log.seconds < start)
        chosen = np.flatnonzero(numbers == number)
        if len(train) and len(chosen):
            folds.append(replace(asked, train=train, cases=cases.take(chosen), now_seconds=start))
    if not folds:
        raise NothingToAsk("The validation part leaves nothing to learn from before it.")
    return folds


def joined(asked: Split, folds: Sequence[Split]) -> Split:
    """Return all questions of ``folds`` as one, in their order; ``asked``: what they were made of."""
    if len(folds) == 1:
        return replace(asked, cases=folds[0].cases)
    places = {(begin, end): n for n, (begin, end) in enumerate(_spans(asked))}
    chosen = [places[span] for fold in folds for span in _spans(fold)]
    return replace(asked, cases=asked.cases.take(np.array(chosen, dtype=np.intp)))


def _spans(asked: Split) -> Iterator[tuple[int, int]]:
    return zip(asked.cases.begins.tolist(), asked.cases.ends.tolist(), strict=True)


@dataclass(frozen=True, slots=True)
class Folded:
    """The lists of one scorer over all folds, each from its own bench."""

    benches: Sequence[Bench]

    def lists(self, name: str, *, novel: bool, on_progress: Callable[[int], None]) -> NDArray[np.int32]:
        found, n_done = [], 0
        for bench in self.benches:
            lists = bench.lists(name, novel=novel, on_progress=lambda n, before=n_done: on_progress(before + n))  # type: ignore[misc]
            found.append(lists)
            n_done += len(lists)
        return np.concatenate(found)
