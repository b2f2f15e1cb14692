"""The numbers a merchandiser may turn: DESIGN's section 7, one set per tenant."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScoringWeights:
    """Weights of the blend. Each pair is divided by its sum, so that every score stays in [0, 1]."""

    content: float = 0.8
    trend: float = 0.2
    # How much of a product page's score the shopper's own behaviour takes, where it is known: β.
    behaviour: float = 0.25
    user_behaviour: float = 0.8
    user_trend: float = 0.2
    recent: float = 0.7
    preference: float = 0.3
    # What each step back in the shopper's recent products leaves of its cosine.
    recency_decay: float = 0.8
    n_recent: int = 10
    trend_clicks: float = 0.3
    trend_rating: float = 0.2
    # Decayed clicks below which nothing counts as fully trending: one click in a quiet category is no trend.
    min_peak_weight: float = 5.0
    n_hot_candidates: int = 200
    # How much of a score the lists of what shoppers looked at next take, where one is known.
    sequence: float = 0.6
    user_sequence: float = 0.5
    # What a list of products bought together weighs beside one of products viewed next.
    sequence_bought: float = 0.5
    n_sequence: int = 10
    # What each step back in the products a shopper comes from leaves of their lists.
    sequence_decay: float = 0.5
    # Decayed weight below which nothing counts as a sure follower: one coincidence is no rule.
    min_sequence_weight: float = 2.0
    hide_out_of_stock: bool = True
    hide_purchased: bool = True

    @property
    def content_share(self) -> float:
        return self.content / ((self.content + self.trend) or 1.0)

    @property
    def trend_share(self) -> float:
        return self.trend / ((self.content + self.trend) or 1.0)

    @property
    def user_behaviour_share(self) -> float:
        return self.user_behaviour / ((self.user_behaviour + self.user_trend) or 1.0)

    @property
    def user_trend_share(self) -> float:
        return self.user_trend / ((self.user_behaviour + self.user_trend) or 1.0)

    @property
    def recent_share(self) -> float:
        """Of the behaviour."""
        return self.recent / ((self.recent + self.preference) or 1.0)

    @property
    def preference_share(self) -> float:
        """Of the behaviour."""
        return self.preference / ((self.recent + self.preference) or 1.0)

    @property
    def clicks_share(self) -> float:
        """Of the trend."""
        return self.trend_clicks / ((self.trend_clicks + self.trend_rating) or 1.0)

    @property
    def rating_share(self) -> float:
        """Of the trend."""
        # What the clicks leave of one, so that together they never exceed it, not even in the last bit.
        return 1.0 - self.clicks_share if self.trend_clicks + self.trend_rating else 0.0
