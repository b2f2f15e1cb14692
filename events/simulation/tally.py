"""What became of the events that were sent, counted by several threads."""

import threading
from collections import Counter
from dataclasses import dataclass, field, replace

# Ten thousand refusals have a handful of reasons.
MAX_REASONS = 5


@dataclass(frozen=True, slots=True)
class Reply:
    """What the receiver said of one batch; ``reasons``: why not, one text for each event that has one."""

    n_accepted: int = 0
    n_rejected: int = 0
    n_unknown: int = 0
    reasons: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Counts:
    """``n_skipped``: rows of a replay that were not sent; late: seconds between an event's due time and its sending."""

    n_sent: int = 0
    n_accepted: int = 0
    n_rejected: int = 0
    n_unknown: int = 0
    n_bad: int = 0
    n_skipped: int = 0
    late_seconds: float = 0.0
    most_late_seconds: float = 0.0

    @property
    def all_acknowledged(self) -> bool:
        return self.n_accepted == self.n_sent and self.n_bad == 0


class Tally:
    """The one count of a run."""

    def __init__(self) -> None:
        self._counts, self._reasons = Counts(), Counter[str]()
        self._lock = threading.Lock()

    def counts(self) -> Counts:
        with self._lock:
            return replace(self._counts)

    def reasons(self) -> list[tuple[str, int]]:
        """Return the first few reasons of refusals and how often each was given."""
        with self._lock:
            return self._reasons.most_common()

    def sending(self, n: int, late_seconds: float) -> None:
        with self._lock:
            self._counts.n_sent += n
            self._counts.late_seconds = late_seconds
            self._counts.most_late_seconds = max(self._counts.most_late_seconds, late_seconds)

    def answered(self, reply: Reply) -> None:
        with self._lock:
            self._counts.n_accepted += reply.n_accepted
            self._counts.n_rejected += reply.n_rejected
            self._counts.n_unknown += reply.n_unknown
            for reason in reply.reasons:
                self._note(reason)

    def bad(self, reason: str) -> None:
        """Count a row that is no event."""
        with self._lock:
            self._counts.n_bad += 1
            self._note(reason)

    def skipped(self, _reason: str) -> None:
        with self._lock:
            self._counts.n_skipped += 1

    def _note(self, reason: str) -> None:
        if reason in self._reasons or len(self._reasons) < MAX_REASONS:
            self._reasons[reason] += 1
