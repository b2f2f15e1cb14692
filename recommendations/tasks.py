"""The index follows the catalogue."""

import uuid
from collections.abc import Sequence

from celery import Task, group, shared_task
from kombu.exceptions import OperationalError

from recommendations import profiles
from recommendations.index import blocks, registry
from recommendations.index.build import parameters
from recommendations.index.lease import reason_of
from recommendations.index.rebuild import join, rebuild
from recommendations.quality import nightly
from sdr.accounts.models import Tenant
from sdr.exceptions import Unavailable

RETRY_SECONDS = 5


@shared_task
def rebuild_changed_indexes() -> None:
    """Ask for a rebuild of each tenant whose catalogue has changed. Celery beat calls this every few minutes."""
    for tenant in Tenant.objects.filter(is_active=True):
        blocks.mend(tenant, send_blocks)
        if _is_outdated(tenant):
            rebuild_index.delay(tenant.slug)


@shared_task
def rebuild_index(tenant_slug: str, *, regardless: bool = False) -> None:
    """Build the tenant's index and let it serve; only if its catalogue has changed, or else ``regardless``."""
    tenant = Tenant.objects.get(slug=tenant_slug)
    if regardless or _is_outdated(tenant):  # what waited in the queue may be done already
        rebuild(tenant, send=send_blocks)


def _is_outdated(tenant: Tenant) -> bool:
    return registry.is_outdated(tenant, parameters(profiles.features_of(tenant)))


@shared_task
def evaluate_indexes() -> None:
    """Ask for an evaluation of each tenant's index. Celery beat calls this once a night."""
    for tenant in Tenant.objects.filter(is_active=True):
        evaluate_index.delay(tenant.slug)


@shared_task
def evaluate_index(tenant_slug: str) -> None:
    """Write onto the tenant's index versions how good their lists are by the archive, and act upon it."""
    nightly.evaluate(Tenant.objects.get(slug=tenant_slug))


def ask_for_rebuild(tenant_slug: str) -> None:
    """Have the tenant's index built by a worker, whether or not its catalogue has changed. Raises Unavailable."""
    try:
        rebuild_index.apply_async((tenant_slug,), {"regardless": True}, retry=False)
    except OperationalError as error:
        raise Unavailable("The queue of background work does not answer; try again when Redis is back.") from error


@shared_task(bind=True, max_retries=2)
def build_block(self: Task, tenant_slug: str, token: str, number: int) -> None:
    """Find the neighbours of one block of a big catalogue's rows."""
    tenant = Tenant.objects.get(slug=tenant_slug)
    try:
        is_last = blocks.compute(tenant, uuid.UUID(token), number)
    except Exception as error:
        if self.request.retries >= self.max_retries:
            blocks.give_up(tenant, uuid.UUID(token), reason_of(error))
        raise self.retry(exc=error, countdown=RETRY_SECONDS) from error
    if is_last:
        join_blocks.delay(tenant_slug, token)


@shared_task
def join_blocks(tenant_slug: str, token: str) -> None:
    """Make one index of a big catalogue's blocks, and let it serve."""
    join(Tenant.objects.get(slug=tenant_slug), uuid.UUID(token))


def send_blocks(tenant_slug: str, token: uuid.UUID, numbers: Sequence[int]) -> None:
    """Have blocks computed by whichever workers are free; with none left to compute, have them joined."""
    if numbers:
        group(build_block.si(tenant_slug, str(token), number) for number in numbers).apply_async()
    else:
        join_blocks.delay(tenant_slug, str(token))
