"""The dials that a search may turn, and how far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from recommendations.engine.weights import ScoringWeights
from recommendations.tuning.collect import MAX_SEQUENCE

_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Dial:
    """One number from ``low`` to ``high``. ``rest``: the weight that has what this one leaves of 1.

    ``needs``: what the data must have for it to make any difference.
    """

    name: str
    low: float
    high: float
    is_log: bool = False
    is_whole: bool = False
    rest: str | None = None
    needs: str | None = None


# Preferences and the user page are not here: no log says what a shopper asked for in so many words.
DIALS = (
    Dial("content", 0.0, 1.0, rest="trend", needs="texts"),
    Dial("behaviour", 0.0, 0.9, needs="texts"),
    Dial("recency_decay", 0.2, 1.0, needs="texts"),
    Dial("trend_clicks", 0.0, 1.0, rest="trend_rating", needs="ratings"),
    Dial("min_peak_weight", 0.5, 100.0, is_log=True),
    Dial("sequence", 0.0, 0.99),
    Dial("sequence_bought", 0.0, 1.0, needs="purchases"),
    Dial("n_sequence", 1, MAX_SEQUENCE, is_whole=True),
    Dial("sequence_decay", 0.2, 1.0),
    Dial("min_sequence_weight", 0.2, 50.0, is_log=True),
)
Values = Mapping[str, float]


def value_of(weights: ScoringWeights, dial: Dial) -> float:
    """Return where a dial stands, within its bounds."""
    value = getattr(weights, dial.name)
    if dial.rest is not None:
        value /= (value + getattr(weights, dial.rest)) or 1.0
    return float(min(max(value, dial.low), dial.high))


def turned(weights: ScoringWeights, dials: Sequence[Dial], values: Values) -> ScoringWeights:
    """Return ``weights`` with the dials that ``values`` names turned there."""
    changes: dict[str, Any] = {}
    for dial in dials:
        if dial.name in values:
            value = round(values[dial.name], _DECIMALS)
            changes[dial.name] = int(value) if dial.is_whole else value
            if dial.rest is not None:
                changes[dial.rest] = round(1.0 - value, _DECIMALS)
    return replace(weights, **changes)


def changed(before: ScoringWeights, after: ScoringWeights) -> dict[str, tuple[float, float]]:
    """Return what differs: by name the number before and after."""
    names = [name for name in ScoringWeights.__dataclass_fields__ if getattr(before, name) != getattr(after, name)]
    return {name: (getattr(before, name), getattr(after, name)) for name in names}
