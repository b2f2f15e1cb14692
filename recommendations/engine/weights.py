"""The numbers a merchandiser may turn: DESIGN's section 7, one set per tenant."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScoringWeights:
    """Weights of the blend. Each pair is divided by its sum, so that every score stays in [0, 1]."""

    content: float = 0.8
    trend: float = 0.2
    trend_clicks: float = 0.3
    trend_rating: float = 0.2
    # Decayed clicks below which nothing counts as fully trending: one click in a quiet category is no trend.
    min_peak_weight: float = 5.0
    n_hot_candidates: int = 200
    hide_out_of_stock: bool = True

    @property
    def content_share(self) -> float:
        return self.content / ((self.content + self.trend) or 1.0)

    @property
    def trend_share(self) -> float:
        return self.trend / ((self.content + self.trend) or 1.0)

    @property
    def rating_share(self) -> float:
        """Of the trend."""
        return self.trend_rating / ((self.trend_clicks + self.trend_rating) or 1.0)
