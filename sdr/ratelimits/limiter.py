"""The limits of one process: a lease for each caller, settled by a thread."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from sdr import metrics
from sdr.background import PerProcess, Repeating
from sdr.exceptions import SdrError
from sdr.ratelimits.lease import Lease
from sdr.ratelimits.settling import Settling

# A lease lasts a tenth of a second at full rate, and is renewed when half of it is gone.
SETTLE_SECONDS = 0.05
# About 300 bytes each. The one who was quiet longest is forgotten first.
MAX_CALLERS = 10_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a caller is told: calls a second, what is left of them as far as we know, seconds until there are more."""

    limit: int
    remaining: int
    reset_seconds: int


class RateLimited(SdrError):
    """The caller has used up its calls; trying again after ``retry_after_seconds`` helps."""

    code = "rate_limited"

    def __init__(self, allowance: Allowance) -> None:
        super().__init__(f"Too many calls: {allowance.limit} a second are allowed.")
        self.allowance = allowance
        self.retry_after_seconds = allowance.reset_seconds


class Limiter:
    """Counts calls. :meth:`take` never waits for a server; :meth:`step` settles."""

    def __init__(self, settling: Settling) -> None:
        self._settling = settling
        self._leases: OrderedDict[str, Lease] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, caller: str, rate: int) -> Allowance:
        """Count one call of ``caller``, who may make ``rate`` a second; raises RateLimited."""
        with self._lock:
            lease = self._leases.get(caller)
            if lease is None or lease.rate != rate:
                lease = self._meet(caller, rate)
            else:
                self._leases.move_to_end(caller)
            if lease.take():
                return Allowance(rate, lease.remaining, 1)
            raise RateLimited(Allowance(rate, 0, lease.seconds_to_wait))

    def step(self) -> None:
        """Settle every lease that was used."""
        with self._lock:
            due = [(name, lease, lease.settlement()) for name, lease in self._leases.items()]
        used = [(name, lease, settlement) for name, lease, settlement in due if settlement is not None]
        if used:
            answers = self._settling.settle([(name, lease.rate, settlement) for name, lease, settlement in used])
            with self._lock:
                for (_, lease, settlement), (granted, bucket) in zip(used, answers, strict=True):
                    lease.settle(settlement, granted, bucket)
        with self._lock:
            for name, lease, _ in due:
                if lease.is_idle and self._leases.get(name) is lease:
                    del self._leases[name]

    def _meet(self, caller: str, rate: int) -> Lease:
        lease = self._leases[caller] = Lease(float(rate))
        if len(self._leases) > MAX_CALLERS:
            self._leases.popitem(last=False)
        return lease


class _Limits:
    def __init__(self) -> None:
        self.limiter = Limiter(Settling())
        self._thread = Repeating(self.limiter.step, seconds=SETTLE_SECONDS, name="ratelimits")

    def end(self) -> None:
        self._thread.stop()


_limits = PerProcess(_Limits, _Limits.end)


def take(caller: str, rate: int) -> Allowance | None:
    """Count one call against this process's limits; None where ``rate`` is 0, which is no limit. Raises RateLimited."""
    if not rate:
        return None
    try:
        return _limits.get().limiter.take(caller, rate)
    except RateLimited:
        metrics.RATE_LIMITED.labels(caller.partition(":")[0]).inc()
        raise


def stop() -> None:
    """End the thread, and forget every caller."""
    _limits.end()
