"""The servings of this process, kept current by two threads that are started with the first request."""

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog
from django.db import connection

from events.live.feed import RedisFeed
from recommendations.engine.kernel.ranking import ranks_in_c
from recommendations.index import naming
from recommendations.index.holder import Holder, Serving
from recommendations.mirror import Mirror
from sdr import clock, metrics, patience
from sdr.accounts.models import DEFAULT_TENANT
from sdr.background import PerProcess
from sdr.collector import spare_what_is_there
from sdr.exceptions import IndexNotReady, Unavailable

if TYPE_CHECKING:
    from prometheus_client import Histogram

log = structlog.get_logger(__name__)

# How often another version and what was edited are looked for: one query for all tenants that are loaded.
REFRESH_SECONDS = 0.25
POLL_SECONDS = 1.0
RETRY_SECONDS = 0.5
# By what the mirror lacks. Looked up once: labels cost a request as much as the counting.
_REQUESTS = {
    lack: metrics.MIRROR_REQUESTS.labels(result=result)
    for lack, result in ((None, "live"), ("live_lag", "lagging"), ("live_state", "stale"))
}
# What the first request of a process is ready to wait for live values.
FIRST_READ_SECONDS = 0.25


def current(tenant: str) -> tuple[Serving, list[str]]:
    """Return what to answer from, and what it lacks; raises IndexNotReady."""
    return _process.get().current(tenant)


class Measured:
    """An answer that is worked out, measured and counted once it is there.

    Gives what it is worked out from, and the list of what it lacks, to which whoever works it out may add.
    """

    __slots__ = ("_began", "_lacking", "_seconds", "_tenant")

    def __init__(self, tenant: str, seconds: "Histogram") -> None:
        self._tenant, self._seconds = tenant, seconds

    def __enter__(self) -> tuple[Serving, list[str]]:
        self._began = time.perf_counter()
        serving, self._lacking = current(self._tenant)
        return serving, self._lacking

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        if kind is None:
            count(self._lacking)
            self._seconds.observe(time.perf_counter() - self._began)


def count(lacking: Sequence[str]) -> None:
    """Count an answer by what it had to do without: what its live values lacked comes first."""
    _REQUESTS.get(lacking[0] if lacking else None, _REQUESTS[None]).inc()
    for lack in lacking:
        metrics.DEGRADED.labels(reason=lack).inc()


def stop() -> None:
    """End the threads of this process, and forget what they held."""
    _process.end()


class ServingProcess:
    """The holder, the mirror and their threads."""

    def __init__(self) -> None:
        self.holder = Holder()
        self._feed = RedisFeed()
        self._mirror = Mirror(self.holder, self._feed)
        self._stopping = threading.Event()
        self._has_read = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()
        metrics.RANKS_IN_NUMPY.set(not ranks_in_c())

    def current(self, tenant: str) -> tuple[Serving, list[str]]:
        self.holder.current(tenant)  # loads it, so that the mirror has something to follow
        if not self._threads:
            self._start()
        if not self._mirror.was_tried(tenant):
            patience.about_to_wait()
            with self._has_read:
                self._has_read.wait_for(lambda: self._mirror.was_tried(tenant), FIRST_READ_SECONDS)
        lack = self._mirror.lacks(tenant)  # before the serving is read: what is lacking now may be in the next
        return self.holder.current(tenant), [] if lack is None else [lack]

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._feed.close()

    def _start(self) -> None:
        with self._starting:
            if not self._threads:
                targets = (self._follow_registry, self._follow_feeds)
                self._threads = [threading.Thread(target=run, name=run.__name__, daemon=True) for run in targets]
                for thread in self._threads:
                    thread.start()

    def _follow_registry(self) -> None:
        spare_what_is_there()  # what the first answer needed is there by now
        while not self._stopping.wait(REFRESH_SECONDS):
            try:
                self.holder.refresh()
                self._tell_ages()
            except Exception:  # without this thread the process would serve one index for ever
                log.exception("indexes not refreshed")
        connection.close()

    def _tell_ages(self) -> None:
        # Of what is served, not of what should be: where a new version is refused, the old one grows older.
        for tenant in self.holder.tenants():
            if held := self.holder.held(tenant):
                age = clock.now() - naming.built_at(held.index.version)
                metrics.INDEX_AGE_SECONDS.labels(tenant=tenant).set(age.total_seconds())

    def _follow_feeds(self) -> None:
        while not self._stopping.is_set():
            try:
                self._mirror.step(POLL_SECONDS)
            except Unavailable as error:
                log.warning("live state unreachable", reason=str(error))
                self._retry_later()
            except Exception:  # without this thread the process would never again be live
                log.exception("live state not followed")
                self._retry_later()
            with self._has_read:
                self._has_read.notify_all()

    def _retry_later(self) -> None:
        self._feed.close()
        self._stopping.wait(RETRY_SECONDS)


_process = PerProcess(ServingProcess, ServingProcess.stop)


def index_problem() -> str | None:
    """Return why this process has no index to answer from, None if it has. Readiness asks, and so loads it."""
    try:
        current(DEFAULT_TENANT)
    except IndexNotReady as error:
        return str(error)
    return None
