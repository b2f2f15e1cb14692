"""The dials that a search may turn, and how far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from recommendations.tuning.collect import MAX_SEQUENCE

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_DECIMALS = 4
# What has dials: weights of a profile, or what signals are made with.
Tunable = TypeVar("Tunable", bound="DataclassInstance")


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
# Of what signals are made with (see ``making``). The half-life of a week is none: it tells what rises, moves no list.
HALF_LIFE_DIALS = (
    Dial("trend_hours", 0.25, 336.0, is_log=True),
    Dial("sequence_days", 0.5, 365.0, is_log=True),
)
FIELD_DIALS = (
    Dial("name", 0.0, 5.0),
    Dial("category", 0.0, 5.0),
    Dial("tags", 0.0, 5.0),
    Dial("description", 0.0, 5.0),
)
Values = Mapping[str, float]


def value_of(weights: "DataclassInstance", dial: Dial) -> float:
    """Return where a dial stands, within its bounds."""
    value = getattr(weights, dial.name)
    if dial.rest is not None:
        value /= (value + getattr(weights, dial.rest)) or 1.0
    return float(min(max(value, dial.low), dial.high))


def turned(weights: Tunable, dials: Sequence[Dial], values: Values) -> Tunable:
    """Return ``weights`` with the dials that ``values`` names turned there."""
    changes: dict[str, Any] = {}
    for dial in dials:
        if dial.name in values:
            value = round(values[dial.name], _DECIMALS)
            changes[dial.name] = int(value) if dial.is_whole else value
            if dial.rest is not None:
                changes[dial.rest] = round(1.0 - value, _DECIMALS)
    return replace(weights, **changes)


def changed(before: Tunable, after: Tunable) -> dict[str, tuple[float, float]]:
    """Return what differs: by name the number before and after."""
    names = [field.name for field in fields(before) if getattr(before, field.name) != getattr(after, field.name)]
    return {name: (getattr(before, name), getattr(after, name)) for name in names}
