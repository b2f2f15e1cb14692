"""The in-process copy of live state: follows the change feed of the tenants this process serves."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from events.live import progress
from events.live.base import Rejected
from events.live.feed import News, RedisFeed
from recommendations.engine.hotness import Hotness
from recommendations.index.holder import Holder
from recommendations.sequences import following as sequences
from sdr import clock, metrics
from sdr.exceptions import Unavailable

log = structlog.get_logger(__name__)

# A feed that was not read for this long is not live.
STALE_SECONDS = 3.0
# Consumers that are further behind than this leave the state itself old, however well it is followed.
LAG_SECONDS = 1.0
# Wake-ups are not relied on: each feed is read this often regardless.
POLL_SECONDS = 1.0
# Wake-ups come one per batch; a few milliseconds later they are one.
COALESCE_SECONDS = 0.003


@dataclass(slots=True)
class Following:
    """How far one tenant's feeds were followed: ``lists_position``, that of what shoppers go on to."""

    position: bytes | None = None
    lists_position: bytes | None = None
    read_at: float = float("-inf")


class Mirror:
    """Brings the live values into the holder's servings. One thread calls :meth:`step`; any may ask."""

    def __init__(self, holder: Holder, feed: RedisFeed) -> None:
        self._holder, self._feed = holder, feed
        self._followings: dict[str, Following] = {}
        self._tried: set[str] = set()
        self._seconds_behind, self._progress_read_at = 0.0, float("-inf")

    def lacks(self, tenant: str) -> str | None:
        """Return what keeps the tenant's values from being current, None if they are. Silence is current.

        "live_state": they cannot be read. "live_lag": they can, but the consumers have not brought them up to date.
        """
        following = self._followings.get(tenant)
        if following is None or time.monotonic() - following.read_at > STALE_SECONDS:
            return "live_state"
        return "live_lag" if self._seconds_behind > LAG_SECONDS else None

    def was_tried(self, tenant: str) -> bool:
        """Return whether the tenant's values were asked for at all, with or without success."""
        return tenant in self._tried

    def step(self, timeout_seconds: float) -> None:
        """Wait for a wake-up, or for ``timeout_seconds``, then read what changed. Raises Unavailable."""
        tenants = set(self._holder.tenants())
        for tenant in self._followings.keys() - tenants:
            del self._followings[tenant]
            self._tried.discard(tenant)
        try:
            woken = tenants - self._followings.keys() or self._feed.wait(tenants, timeout_seconds, COALESCE_SECONDS)
            self._follow_all(woken | self._due())
        finally:
            self._tried.update(tenants)
        self._ask_for_progress()

    def _due(self) -> set[str]:
        long_ago = time.monotonic() - POLL_SECONDS
        return {tenant for tenant, following in self._followings.items() if following.read_at <= long_ago}

    def _ask_for_progress(self) -> None:
        if time.monotonic() - self._progress_read_at >= POLL_SECONDS:
            self._progress_read_at = time.monotonic()
            try:
                self._seconds_behind = progress.seconds_behind()
            except (Unavailable, Rejected) as error:
                log.warning("progress of the consumers unknown", reason=str(error))

    def _follow_all(self, tenants: Iterable[str]) -> None:
        """Follow every tenant, then raise what one of them met: its trouble is not the others'."""
        errors: list[Exception] = []
        for tenant in tenants:
            try:
                self._follow(tenant)
            except Exception as error:  # noqa: BLE001  raised below
                errors.append(error)
        if errors:
            raise errors[0]

    def _follow(self, tenant: str) -> None:
        following = self._followings.setdefault(tenant, Following())
        serving = self._holder.held(tenant)
        if serving is None:  # unloaded meanwhile
            return
        if not serving.hotness.is_complete:  # loaded for the first time, or again
            following.position = None
        news = self._feed.news(tenant, following.position)
        self._take(tenant, news)
        if len(news.changes) and not news.is_snapshot:
            metrics.FRESHNESS_SECONDS.labels(stage="mirror").observe(max(clock.now_seconds() - news.at_seconds, 0.0))
        following.position = news.position
        following.lists_position = sequences.follow(tenant, serving.lists, following.lists_position)
        following.read_at = time.monotonic()

    def _take(self, tenant: str, news: News) -> None:
        changes = news.changes
        with self._holder.writing:
            serving = self._holder.held(tenant)
            if serving is None:
                return
            hotness = serving.hotness
            if news.is_snapshot:
                hotness = Hotness.cold(hotness.catalogue)
                hotness.is_complete = True
            if len(changes):
                hotness.update(changes.product_ids, changes.hour, changes.week, changes.clicks)
            if news.is_snapshot:
                self._holder.put_hotness(tenant, hotness)
