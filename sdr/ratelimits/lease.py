"""One caller's calls, counted in one process. Pure: time and what Redis said are arguments."""

from dataclasses import dataclass

# What Redis is asked for at least: the next call should not need credit.
MIN_WANTED = 1.0


def largest_lease(rate: float) -> float:
    """Return C: how many calls a process may lease at once, and how many it lets through before it has asked."""
    return max(rate / 10, min(rate, 20.0))


@dataclass(frozen=True, slots=True)
class Settlement:
    """What to tell Redis: ``debt`` calls were let through without a lease (negative: leased and not used)."""

    debt: float
    wanted: float


@dataclass(slots=True)
class Lease:
    """The calls that one process may let through for one caller.

    ``available`` is what is left of the lease, negative on credit. There is credit as long as the bucket held something
    when Redis was last asked; a caller who is new here is believed to have a full one.
    """

    rate: float
    available: float = 0.0
    bucket: float = 0.0
    n_asked: int = 0
    n_asked_before: int = 0

    def __post_init__(self) -> None:
        self.bucket = self.rate

    def take(self) -> bool:
        """Let one call through, or not."""
        self.n_asked += 1
        credit = largest_lease(self.rate) if self.bucket > 0 else 0.0
        if self.available - 1 < -credit:
            return False
        self.available -= 1
        return True

    @property
    def remaining(self) -> int:
        """How many more calls the bucket and this lease hold, as far as this process knows."""
        return max(0, int(self.available + self.bucket))

    @property
    def seconds_to_wait(self) -> int:
        """In how many whole seconds the next call has a chance, 1 at least."""
        missing = 1 - self.available - self.bucket
        return max(1, -int(-missing // self.rate))

    def settlement(self) -> Settlement | None:
        """Return what to tell Redis now, None if there is nothing to tell. Calls go on until the answer comes."""
        n_asked, self.n_asked_before, self.n_asked = self.n_asked, self.n_asked, 0
        if not n_asked:
            return self._settlement_of_silence()
        most = largest_lease(self.rate)
        wanted = min(most, max(MIN_WANTED, 2.0 * n_asked))
        return Settlement(max(0.0, -self.available), max(0.0, wanted - max(0.0, self.available)))

    def settle(self, settled: Settlement, granted: float, bucket: float) -> None:
        """Take Redis' answer: ``granted`` calls more, ``bucket`` left there (negative: others' credit and ours)."""
        self.available += max(0.0, settled.debt) + granted
        self.bucket = bucket

    @property
    def is_idle(self) -> bool:
        """Whether nothing is lost by forgetting it: it is as a stranger's would be."""
        return not self.n_asked and not self.n_asked_before and not self.available and self.bucket > 0

    def _settlement_of_silence(self) -> Settlement | None:
        """Give what is left back to the bucket, for other processes; ask on while the bucket was empty."""
        if not self.available and self.bucket > 0:
            return None
        debt = -self.available
        # Now, not with the answer: who calls in between is on credit. An answer that never comes loses a little.
        self.available = min(0.0, self.available)
        return Settlement(debt, 0.0)


@dataclass(slots=True)
class Bucket:
    """What ``bucket.lua`` keeps in Redis, in Python: for tests, and for a process that Redis has left alone."""

    rate: float
    at: float
    tokens: float

    def settle(self, settled: Settlement, now: float) -> tuple[float, float]:
        """Return what is granted, and what is left."""
        self.tokens = min(self.rate, self.tokens + max(0.0, now - self.at) * self.rate) - settled.debt
        self.tokens = min(self.rate, self.tokens)
        self.at = max(self.at, now)
        granted = max(0.0, min(settled.wanted, self.tokens))
        self.tokens -= granted
        return granted, self.tokens
