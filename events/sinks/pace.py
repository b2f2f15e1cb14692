"""How many events one call to a state carries: while it runs, Redis serves nobody else."""

from dataclasses import dataclass

MAX_EVENTS, MAX_SECONDS = 200, 0.010
# A read that brings more than one call's worth is of a backlog: then larger calls, to be through it sooner.
MAX_BACKLOG_EVENTS, MAX_BACKLOG_SECONDS = 500, 0.020
# However slow the state is, a call of one event would be all overhead.
MIN_EVENTS = 20
# The share of the newest call in the running mean: one slow call is no trend.
_NEWEST = 0.2


@dataclass(slots=True)
class CallSize:
    """At most so many events, or what the calls so far say takes so long."""

    max_events: int = MAX_EVENTS
    max_seconds: float = MAX_SECONDS
    max_backlog_events: int = MAX_BACKLOG_EVENTS
    max_backlog_seconds: float = MAX_BACKLOG_SECONDS
    _seconds_per_event: float = 0.0

    def of(self, n_read: int) -> int:
        """Return how many events a call may carry when ``n_read`` wait to be applied."""
        max_events, max_seconds = self.max_events, self.max_seconds
        if n_read > MAX_EVENTS:
            max_events, max_seconds = self.max_backlog_events, self.max_backlog_seconds
        if self._seconds_per_event * max_events <= max_seconds:
            return max_events
        return max(int(max_seconds / self._seconds_per_event), MIN_EVENTS)

    def learn(self, n_events: int, seconds: float) -> None:
        """Take note of how long a call took. Small calls say nothing: they are all overhead."""
        if n_events >= MIN_EVENTS:
            self._seconds_per_event += _NEWEST * (seconds / n_events - self._seconds_per_event)
