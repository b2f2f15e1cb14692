"""How far the consumers are behind: what Kafka holds and the live state does not."""

from events.broker.ends import LogEnds
from events.kinds import TOPICS
from events.live.base import LiveState
from sdr.exceptions import Unavailable


class Backlog:
    """Of one tenant, whose offsets move on with every event of its own, and every few seconds with those of others."""

    def __init__(self, state: LiveState, tenant: str) -> None:
        self._state, self._tenant = state, tenant
        self._ends = LogEnds(TOPICS)

    def n_events(self) -> int | None:
        """Return how many messages are yet to be applied, None when one of the servers does not say."""
        try:
            ends = self._ends.read()
            stored = self._state.offsets([self._tenant], ends)
        except Unavailable:
            return None
        return sum(max(end - max(stored[self._tenant, log], first), 0) for log, (first, end) in ends.items())

    def close(self) -> None:
        self._ends.close()
