"""Looking for the numbers that an objective likes best: a profile's weights, or what signals are made with."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic

from recommendations.tuning.space import Dial, Tunable, turned, value_of
from sdr.exceptions import SdrError

if TYPE_CHECKING:
    import optuna
    from _typeshed import DataclassInstance

# Who hears after each trial how many are done, what came of it, and what is the best so far.
OnTrial = Callable[[int, float, float], None]
# A dial goes back to where it was if that costs no more than this part of the objective.
WORTHLESS = 0.0005
# TPE first looks around: so many trials per dial.
_LOOKS_PER_DIAL = 3


class NoOptimiser(SdrError):
    """Optuna is not installed: ``pip install -r requirements/tune.txt``."""

    code = "no_optimiser"


@dataclass(frozen=True, slots=True)
class Found(Generic[Tunable]):
    """``value``: of ``weights``; ``start_value``: of those it began with. ``is_cut_short``: by Ctrl-C."""

    weights: Tunable
    value: float
    start_value: float
    n_trials: int
    is_cut_short: bool = False


def search(
    objective: Callable[[Tunable], float],
    start: Tunable,
    dials: Sequence[Dial],
    *,
    n_trials: int,
    seed: int = 0,
    on_trial: OnTrial = lambda _n, _value, _best: None,
) -> Found[Tunable]:
    """Return the best weights of ``n_trials``, the first of which is ``start``. The same seed finds the same.

    Tree-structured Parzen estimator (Bergstra et al., NIPS 2011), as Optuna has it. What the objective does not miss
    goes back to where it was, so that what is changed is what matters. Ctrl-C ends the search with the best so far.
    Raises NoOptimiser.
    """
    best, n_done = Found(start, objective(start), float("nan"), 0), 0
    start_value, is_cut_short = best.value, False
    try:
        for weights, tell in _asked(start, dials, n_trials, seed, start_value):
            value = objective(weights)
            tell(value)
            n_done += 1
            if value > best.value:
                best = Found(weights, value, start_value, n_done)
            on_trial(n_done, value, best.value)
        best = _simplified(objective, start, dials, best)
    except KeyboardInterrupt:
        is_cut_short = True
    return Found(best.weights, best.value, start_value, n_done, is_cut_short)


def _asked(
    start: Tunable, dials: Sequence[Dial], n_trials: int, seed: int, start_value: float
) -> Iterator[tuple[Tunable, Callable[[float], None]]]:
    """Yield weights to try, and whom to tell what came of them."""
    if not dials:
        return
    study, distributions = _study(dials, seed)
    study.add_trial(_trial(dials, start, start_value, distributions))
    for _ in range(n_trials):
        trial = study.ask(distributions)
        yield turned(start, dials, trial.params), lambda value, trial=trial: study.tell(trial, value)  # type: ignore[misc]


def _study(dials: Sequence[Dial], seed: int) -> "tuple[optuna.Study, dict[str, optuna.distributions.BaseDistribution]]":
    try:
        import optuna  # optional, and slow to import
    except ImportError as error:
        raise NoOptimiser(NoOptimiser.__doc__) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.TPESampler(
            seed=seed, multivariate=True, n_startup_trials=1 + _LOOKS_PER_DIAL * len(dials)
        )
    distributions: dict[str, optuna.distributions.BaseDistribution] = {
        dial.name: optuna.distributions.IntDistribution(int(dial.low), int(dial.high))
        if dial.is_whole
        else optuna.distributions.FloatDistribution(dial.low, dial.high, log=dial.is_log)
        for dial in dials
    }
    return optuna.create_study(direction="maximize", sampler=sampler), distributions


def _trial(
    dials: Sequence[Dial],
    weights: "DataclassInstance",
    value: float,
    distributions: "dict[str, optuna.distributions.BaseDistribution]",
) -> "optuna.trial.FrozenTrial":
    import optuna

    params = {dial.name: int(at) if dial.is_whole else at for dial in dials for at in [value_of(weights, dial)]}
    return optuna.trial.create_trial(params=params, distributions=distributions, value=value)


def _simplified(
    objective: Callable[[Tunable], float], start: Tunable, dials: Sequence[Dial], best: Found[Tunable]
) -> Found[Tunable]:
    """Return ``best`` with those dials turned back that make no difference."""
    least = best.value * (1 - WORTHLESS)
    for dial in dials:
        weights = turned(best.weights, [dial], {dial.name: value_of(start, dial)})
        value = objective(weights)
        if value >= least:
            best = Found(weights, value, best.start_value, best.n_trials)
    return best
