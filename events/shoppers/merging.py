"""An anonymous session whose shopper signs in."""

from dataclasses import dataclass

from django.db import transaction

from events.acts import Merge
from events.live.base import Moved
from events.shoppers import records, telling
from sdr import clock
from sdr.accounts.models import Tenant


@dataclass(frozen=True, slots=True)
class Merged:
    """``pending``: the servers that will be told within seconds of being back."""

    n_interactions: int
    moved: Moved
    pending: list[str]


def merge_session(tenant: Tenant, external_id: str, session_id: str) -> Merged:
    """Give the user what was done in the session so far without a name; again, and nothing is left to be given."""
    now = clock.now()
    act = Merge(tenant=tenant.slug, user_id=external_id, session_id=session_id, at=now)
    with transaction.atomic():
        n_interactions = records.merge(tenant.pk, external_id, session_id, now)
        rows = telling.note(tenant, [act], now)
    moved = telling.tell(rows)
    return Merged(n_interactions, moved, pending_of(rows))


def pending_of(rows: list[telling.PendingAct]) -> list[str]:
    """Return which servers have not been told of all of these."""
    told = {"redis": all(row.is_in_redis for row in rows), "kafka": all(row.is_in_kafka for row in rows)}
    return [server for server, is_told in told.items() if not is_told]
