"""What signals are made with before any profile weighs them: half-lives, and what each field of a text counts."""

from dataclasses import dataclass, replace
from enum import StrEnum

from recommendations.engine import decay
from recommendations.engine.feature_parameters import FeatureParameters
from recommendations.engine.weights import ScoringWeights
from recommendations.evaluation.following import FollowingParameters
from recommendations.evaluation.scorers import Setting

FIELDS = ("name", "category", "tags", "description")
_DAY_SECONDS = 24 * decay.HOUR_SECONDS
_DEFAULT = FeatureParameters().field_weights


class Search(StrEnum):
    """What may be searched: a profile's weights, how fast signals fade, what each field of a text counts."""

    BLEND = "blend"
    HALF_LIVES = "half_lives"
    FIELDS = "fields"


@dataclass(frozen=True, slots=True)
class Making:
    """``trend_hours``, ``sequence_days``: half-lives. The others: weights of the fields of a text."""

    trend_hours: float = 1.0
    sequence_days: float = decay.MONTH_SECONDS / _DAY_SECONDS
    name: float = _DEFAULT["name"]
    category: float = _DEFAULT["category"]
    tags: float = _DEFAULT["tags"]
    description: float = _DEFAULT["description"]

    @property
    def has_text(self) -> bool:
        """Whether any field counts at all."""
        return any(getattr(self, name) > 0 for name in FIELDS)

    def features(self) -> FeatureParameters:
        # In the order of the default: sums are the same to the last bit.
        return FeatureParameters(field_weights={name: getattr(self, name) for name in _DEFAULT})

    def setting(self, weights: ScoringWeights) -> Setting:
        return Setting(
            weights,
            FollowingParameters(half_life_seconds=self.sequence_days * _DAY_SECONDS),
            self.trend_hours * decay.HOUR_SECONDS,
        )

    @property
    def key(self) -> tuple[float, ...]:
        """What says all: of fields only the proportions matter, vectors being of length 1."""
        weights = [getattr(self, name) for name in FIELDS]
        return (self.trend_hours, self.sequence_days, *(round(weight / (sum(weights) or 1.0), 3) for weight in weights))


def settable(found: Making, start: Making) -> Making:
    """Return what of ``found`` a shop can have: the trend's hour is in the live state for good."""
    return replace(found, trend_hours=start.trend_hours)
