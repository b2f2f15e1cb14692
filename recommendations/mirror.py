"""The in-process copy of live state: follows the change feed of the tenants this process serves."""

import time
from dataclasses import dataclass

import structlog

from events.live.feed import News, RedisFeed
from recommendations.engine.hotness import Hotness
from recommendations.index.holder import Holder

log = structlog.get_logger(__name__)

# A feed that was not read for this long is not live.
STALE_SECONDS = 3.0
# Wake-ups come one per batch; a few milliseconds later they are one.
COALESCE_SECONDS = 0.003


@dataclass(slots=True)
class Following:
    """How far one tenant's feed was followed."""

    position: bytes | None = None
    read_at: float = float("-inf")


class Mirror:
    """Brings the live values into the holder's servings. One thread calls :meth:`step`; any may ask."""

    def __init__(self, holder: Holder, feed: RedisFeed) -> None:
        self._holder, self._feed = holder, feed
        self._followings: dict[str, Following] = {}
        self._tried: set[str] = set()

    def is_live(self, tenant: str) -> bool:
        """Return whether the tenant's values were current a moment ago. Silence without events is current."""
        following = self._followings.get(tenant)
        return following is not None and time.monotonic() - following.read_at < STALE_SECONDS

    def was_tried(self, tenant: str) -> bool:
        """Return whether the tenant's values were asked for at all, with or without success."""
        return tenant in self._tried

    def step(self, timeout_seconds: float) -> None:
        """Wait for a wake-up, or for ``timeout_seconds``, then read the feeds. Raises Unavailable."""
        tenants = self._holder.tenants()
        try:
            if self._followings.keys() >= set(tenants):
                self._feed.wait(tenants, timeout_seconds)
                self._feed.wait(tenants, COALESCE_SECONDS)
            self._follow_all(tenants)
        finally:
            self._tried.update(tenants)

    def _follow_all(self, tenants: list[str]) -> None:
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
        if not self._holder.current(tenant).hotness.is_complete:  # loaded for the first time, or again
            following.position = None
        news = self._feed.news(tenant, following.position)
        self._take(tenant, news)
        following.position, following.read_at = news.position, time.monotonic()

    def _take(self, tenant: str, news: News) -> None:
        changes = news.changes
        with self._holder.writing:
            hotness = self._holder.current(tenant).hotness
            if news.is_snapshot:
                hotness = Hotness.cold(hotness.catalogue)
                hotness.is_complete = True
            if len(changes):
                hotness.update(changes.product_ids, changes.hour, changes.week, changes.clicks)
            if news.is_snapshot:
                self._holder.put_hotness(tenant, hotness)
