"""What is learned from and what is asked for. Time always runs from the one to the other."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from recommendations.evaluation.cases import Cases, held_back, next_steps
from recommendations.evaluation.log import Interactions
from sdr.exceptions import SdrError

DAY_SECONDS = 24 * 3600.0


class NothingToAsk(SdrError):
    """A split left nothing to learn from, or no case."""

    code = "nothing_to_ask"


class Targets(StrEnum):
    NEXT = "next"
    REST = "rest"


_CASES: dict[Targets, Callable[[Interactions, NDArray[np.bool_]], Cases]] = {
    Targets.NEXT: next_steps,
    Targets.REST: held_back,
}


@dataclass(frozen=True, slots=True)
class Split:
    """``train``: all that a scorer may learn from. ``n_strangers``: test interactions before which nothing is known."""

    train: Interactions
    cases: Cases
    n_strangers: int
    now_seconds: float


def split(log: Interactions, is_test: NDArray[np.bool_], targets: Targets, *, novel: bool) -> Split:
    """Return what is learned from and asked for; raises NothingToAsk."""
    train, cases = log.where(~is_test), _CASES[targets](log, is_test)
    n_strangers = int(is_test.sum()) - len(next_steps(log, is_test))
    if novel:
        cases = cases.novel()
    if not len(train) or not len(cases):
        raise NothingToAsk("The split leaves nothing to learn from, or no interaction to ask for.")
    return Split(train, cases, n_strangers, train.end_seconds)


def last_days(log: Interactions, n_days: int) -> NDArray[np.bool_]:
    """Return which interactions fall on the last ``n_days`` of the log's days (UTC), its last one included."""
    if not log.has_times:
        raise NothingToAsk("A log without times has no last days.")
    first_day = np.floor(log.end_seconds / DAY_SECONDS) + 1 - n_days
    return log.seconds >= first_day * DAY_SECONDS


def last_days_of(log: Interactions, share: float) -> NDArray[np.bool_]:
    """Return the interactions of as few last days (UTC) as hold ``share`` of them: a log may end early in a day."""
    days = np.floor(np.sort(log.seconds) / DAY_SECONDS)
    n_days = days[-1] - days[int(len(days) * (1 - share))] + 1
    return last_days(log, int(n_days))


def last_of_each(log: Interactions) -> NDArray[np.bool_]:
    """Return the last interaction of each shopper who has more than one."""
    is_last = np.ones(len(log), dtype=np.bool_)
    is_last[:-1] = log.shoppers[1:] != log.shoppers[:-1]
    return is_last & (log.begins() < np.arange(len(log)))


def last_shoppers(log: Interactions, share: float) -> NDArray[np.bool_]:
    """Return the interactions of the last ``share`` of the shoppers, for a log in which they come one by one."""
    numbers = np.unique(log.shoppers)
    return log.shoppers >= numbers[min(int(len(numbers) * (1 - share)), len(numbers) - 1)]
