"""How many events one call to the live state carries: while it runs, the state serves nobody else."""

MAX_EVENTS, MAX_SECONDS = 200, 0.010
# A read that brings more than one call's worth is of a backlog: then larger calls, to be through it sooner.
MAX_BACKLOG_EVENTS, MAX_BACKLOG_SECONDS = 500, 0.020
# However slow the state is, a call of one event would be all overhead.
MIN_EVENTS = 20
# The share of the newest call in the running mean: one slow call is no trend.
_NEWEST = 0.2


class CallSize:
    """At most so many events, or what the calls so far say takes so long."""

    def __init__(self) -> None:
        self._seconds_per_event = 0.0

    def of(self, n_read: int) -> int:
        """Return how many events a call may carry when ``n_read`` wait to be applied."""
        is_backlog = n_read > MAX_EVENTS
        max_events, max_seconds = (MAX_BACKLOG_EVENTS, MAX_BACKLOG_SECONDS) if is_backlog else (MAX_EVENTS, MAX_SECONDS)
        if self._seconds_per_event * max_events <= max_seconds:
            return max_events
        return max(int(max_seconds / self._seconds_per_event), MIN_EVENTS)

    def learn(self, n_events: int, seconds: float) -> None:
        """Take note of how long a call took. Small calls say nothing: they are all overhead."""
        if n_events >= MIN_EVENTS:
            self._seconds_per_event += _NEWEST * (seconds / n_events - self._seconds_per_event)
