"""One builder per tenant at a time: a lease in Postgres, which the builder keeps moving on while it lives."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Greatest, Now

from recommendations.models import IndexBuild
from sdr.accounts.models import Tenant

log = structlog.get_logger(__name__)

# A builder that was not heard of for this long is dead. Ten missed beats, for a step in C lets no other thread run.
LEASE_SECONDS = 30
BEAT_SECONDS = 3.0


class LeaseLost(Exception):
    """The builder was thought dead, and another took its place."""


@dataclass
class Lease:
    """A place that is ours until we give it back, or fall silent for :data:`LEASE_SECONDS`."""

    tenant_id: int
    token: uuid.UUID
    progress: tuple[str, int, int] = ("", 0, 0)
    is_lost: bool = field(default=False, init=False)
    # Set where the build goes on in other processes: the place is not given back when this one is done.
    is_handed_on: bool = field(default=False, init=False)

    @property
    def row(self) -> QuerySet[IndexBuild]:
        """The build's row while the lease is held, else nothing."""
        return IndexBuild.objects.filter(tenant=self.tenant_id, token=self.token, state=IndexBuild.State.RUNNING)

    def report(self, step: str, n_done: int, n_total: int) -> None:
        """Note how far the build is; the next beat tells it. Raises LeaseLost."""
        self.progress = (step, n_done, n_total)
        if self.is_lost:
            raise LeaseLost(f"Another process builds the index of tenant {self.tenant_id} now.")

    def beat(self) -> bool:
        """Move the lease on and tell the progress; return whether it is still ours."""
        step, n_done, n_total = self.progress
        until = Greatest("expires_at", Now() + timedelta(seconds=LEASE_SECONDS))
        told = {"step": step, "n_done": n_done, "n_total": n_total} if step else {}
        self.is_lost = self.is_lost or not self.row.update(expires_at=until, **told)
        return not self.is_lost

    def hold_for(self, seconds: float) -> None:
        """Let the lease last without a beat: what follows waits in a queue."""
        self.row.update(expires_at=Now() + timedelta(seconds=seconds))

    def release(self, problem: str = "") -> None:
        state = IndexBuild.State.FAILED if problem else IndexBuild.State.DONE
        self.row.update(state=state, problem=problem[:1000], ended_at=Now())


def take(tenant: Tenant) -> Lease | None:
    """Return the tenant's lease, None while another builder lives."""
    IndexBuild.objects.get_or_create(tenant=tenant)
    lease = Lease(tenant.pk, uuid.uuid4())
    free = ~Q(state=IndexBuild.State.RUNNING) | Q(expires_at__lt=Now())
    # Two that come at once meet at the row's lock, and the second finds it taken.
    taken = IndexBuild.objects.filter(free, tenant=tenant).update(
        token=lease.token, state=IndexBuild.State.RUNNING, started_at=Now(), ended_at=None, problem="",
        expires_at=Now() + timedelta(seconds=LEASE_SECONDS), step="", n_done=0, n_total=0,
        draft_name="", n_blocks=0, blocks_done=[], n_attempts=0,
    )  # fmt: skip
    return lease if taken else None


@contextmanager
def building(tenant: Tenant) -> Iterator[Lease | None]:
    """Give the lease to one builder per tenant at a time, None to the others, and free the place at the end."""
    lease = take(tenant)
    if lease is None:
        yield None
        return
    with held(lease):
        yield lease


@contextmanager
def held(lease: Lease) -> Iterator[None]:
    """Keep the lease alive meanwhile and give it back at the end, with the reason if that is an exception."""
    try:
        with beating(lease):
            yield
    except BaseException as error:
        lease.release(reason_of(error))
        raise
    if not lease.is_handed_on:
        lease.release()


@contextmanager
def beating(lease: Lease) -> Iterator[None]:
    """Keep the lease alive meanwhile."""
    stopping = threading.Event()
    heart = threading.Thread(target=_beat, args=[lease, stopping], name="lease", daemon=True)
    heart.start()
    try:
        yield
    finally:
        stopping.set()
        heart.join()


def reason_of(error: BaseException) -> str:
    """Return for people why a build ended."""
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return "It was interrupted."
    return f"{type(error).__name__}: {error}".strip()


def _beat(lease: Lease, stopping: threading.Event) -> None:
    try:
        while not stopping.wait(BEAT_SECONDS):
            try:
                if not lease.beat():
                    return
            except (DatabaseError, InterfaceError) as error:
                # The lease outlasts a short outage; a long one ends it, and the build with it.
                log.warning("lease not moved on", tenant_id=lease.tenant_id, reason=str(error).strip())
                connection.close()
    finally:
        connection.close()
