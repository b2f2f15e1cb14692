"""The one who follows the change log: a leader for each tenant, all of them usually in one process."""

import threading
import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from kombu.exceptions import OperationalError as BrokerError

from catalog import changes
from recommendations.index.artifact import BadArtifact
from recommendations.index.overlay import store
from recommendations.index.overlay.folding import Folding
from recommendations.models import IndexVersion
from recommendations.tasks import rebuild_index

log = structlog.get_logger(__name__)

# The first half of a Postgres advisory lock's key; the second is the tenant's id.
_LEADER_LOCK = 5_349
# How often versions and leadership are looked at, and a tenant that failed is tried again.
LOOK_SECONDS = 0.5
RETRY_SECONDS = 2.0
# A rebuild that was asked for and did not come: its message was lost.
ASK_AGAIN_SECONDS = 600.0
# What is held of a tenant nobody edits: as much again as its vectors.
IDLE_SECONDS = 600.0


class Follower:
    """Call :meth:`run`; :meth:`stop` from any thread or a signal handler ends it."""

    def __init__(self, on_alive: Callable[[str], None] = lambda _detail: None) -> None:
        self._on_alive = on_alive
        self._stopping = threading.Event()
        self._versions: dict[int, IndexVersion] = {}
        self._positions: dict[int, changes.LogPosition] = {}
        self._foldings: dict[int, Folding] = {}
        self._unread: set[int] = set()
        self._used_at: dict[int, float] = {}
        self._asked_at: dict[int, float] = {}
        self._not_before: dict[int, float] = {}
        self._looked_at = float("-inf")

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                if not self._step_safely():
                    self._stopping.wait(settings.OVERLAY_POLL_SECONDS)
        finally:
            connection.close()  # and with it the locks

    def stop(self) -> None:
        self._stopping.set()

    def step(self) -> bool:
        """Fold in what has changed; return whether there is more to do at once."""
        if time.monotonic() - self._looked_at >= LOOK_SECONDS:
            self._look_around()
        self._on_alive(f"{len(self._positions)} tenants")
        now = time.monotonic()
        led = {tenant: at for tenant, at in self._positions.items() if self._not_before.get(tenant, 0.0) <= now}
        busy = changes.tenants_with_news(led) if led else set()
        busy |= {tenant for tenant, folding in self._foldings.items() if not folding.is_finished} | self._unread
        busy &= led.keys()
        more = [self._fold(tenant) for tenant in sorted(busy)]
        return any(more)

    def leads(self) -> set[int]:
        """Return the ids of the tenants that this process follows."""
        return set(self._positions)

    def _step_safely(self) -> bool:
        try:
            return self.step()
        except (DatabaseError, InterfaceError) as error:
            # A connection that broke has lost our locks: somebody else may lead by now.
            log.warning("catalogue not followed", reason=str(error).strip())
            connection.close()
            self._forget_all()
            self._stopping.wait(RETRY_SECONDS)
            return False

    def _look_around(self) -> None:
        active = IndexVersion.objects.filter(status=IndexVersion.Status.ACTIVE, tenant__is_active=True)
        versions = {version.tenant_id: version for version in active.select_related("tenant")}
        for tenant in self._positions.keys() - versions.keys():
            self._forget(tenant)
            _unlock(tenant)
        for tenant, version in versions.items():
            if tenant in self._positions or _try_lock(tenant):
                self._take(tenant, version)
        self._let_go_of_idle()
        self._looked_at = time.monotonic()

    def _take(self, tenant: int, version: IndexVersion) -> None:
        held = self._versions.get(tenant)
        if held is None or held.pk != version.pk:
            self._forget(tenant)
            self._versions[tenant] = version
            marker = store.marker(version)
            self._positions[tenant] = changes.LogPosition(marker or version.catalogue_marker)
            if marker is not None:  # who wrote the segments may have left neighbours to be found
                self._unread.add(tenant)

    def _fold(self, tenant: int) -> bool:
        """Take one step for the tenant; return whether it is to go on at once."""
        try:
            folding = self._foldings.get(tenant) or self._foldings.setdefault(tenant, Folding(self._versions[tenant]))
            began = time.monotonic()
            n_products = folding.step()
        except store.SomebodyElseWrote:
            self._begin_again(tenant)
            return True
        except BadArtifact as error:
            log.error("index not followed", version=self._versions[tenant].artifact_name, reason=str(error))
            self._not_before[tenant] = time.monotonic() + ASK_AGAIN_SECONDS
            self._ask_for_rebuild(tenant, regardless=True)
            return False
        self._positions[tenant], self._used_at[tenant] = folding.position, time.monotonic()
        self._unread.discard(tenant)
        if n_products:
            log.info("catalogue followed", tenant=self._versions[tenant].tenant.slug, n_products=n_products,
                     seconds=round(time.monotonic() - began, 3))  # fmt: skip
        if folding.wants_rebuild:
            self._ask_for_rebuild(tenant)
        return not folding.is_finished

    def _ask_for_rebuild(self, tenant: int, *, regardless: bool = False) -> None:
        """Ask once per version, ``regardless`` of whether one newer than the edits was built meanwhile.

        Without a broker nobody hears it; then again in a while.
        """
        version, now = self._versions[tenant], time.monotonic()
        if now - self._asked_at.get(version.pk, float("-inf")) < ASK_AGAIN_SECONDS:
            return
        self._asked_at = {version.pk: now} | self._asked_at
        try:
            rebuild_index.apply_async((version.tenant.slug,), {"regardless": regardless}, retry=False)
        except (BrokerError, OSError) as error:
            self._asked_at[version.pk] = now - ASK_AGAIN_SECONDS + RETRY_SECONDS
            log.warning("rebuild not asked for", tenant=version.tenant.slug, reason=str(error))
            return
        log.info("rebuild asked for", tenant=version.tenant.slug, version=version.artifact_name)

    def _begin_again(self, tenant: int) -> None:
        version = self._versions[tenant]
        self._forget(tenant)
        self._take(tenant, version)

    def _let_go_of_idle(self) -> None:
        since = time.monotonic() - IDLE_SECONDS
        for tenant in [tenant for tenant, at in self._used_at.items() if at < since]:
            self._foldings.pop(tenant, None)
            del self._used_at[tenant]

    def _forget(self, tenant: int) -> None:
        for held in (self._versions, self._positions, self._foldings, self._used_at, self._not_before):
            held.pop(tenant, None)
        self._unread.discard(tenant)

    def _forget_all(self) -> None:
        for tenant in list(self._positions):
            self._forget(tenant)
        self._looked_at = float("-inf")


def _try_lock(tenant: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LEADER_LOCK, tenant])
        return bool(cursor.fetchone()[0])


def _unlock(tenant: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LEADER_LOCK, tenant])
