"""Erasure: nothing of a user stays, and nothing brings the user back."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from events import acts
from events.acts import Erasure, Merge
from events.live.base import Moved
from events.models import PendingAct
from events.shoppers import records, telling
from events.shoppers.copying import copy_soon
from events.shoppers.merging import pending_of
from sdr import clock
from sdr.accounts.models import Tenant, User


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was removed where. ``tombstone``: the hash that remains, in hexadecimal.

    ``pending``: servers that did not answer; they are told within seconds of being back.
    """

    erased_at: datetime
    tombstone: str
    n_users: int
    n_preferences: int
    n_interactions: int
    n_sessions: int
    n_answers: int
    live_state: Moved
    pending: list[str]


def erase_user(tenant: Tenant, external_id: str) -> Receipt:
    """Erase the user, and the sessions that are known to be the user's, from Postgres and Redis; tell Kafka.

    What happened still counts for the products. Whoever comes back later begins anew.
    """
    with transaction.atomic():
        records.lock_for_erasure()
        now = clock.now()  # under the lock: whatever was archived was received before
        user = User.objects.filter(tenant=tenant, external_id=external_id).first()
        n_preferences = int(user is not None and any(user.preferences.values()))
        sessions = records.sessions_of(user) if user else []
        # The user first: that takes the sessions' names off the user's interactions.
        names = [f"u:{external_id}", *(f"s:{session}" for session in sessions)]
        removed = [records.erase(tenant.pk, name, now) for name in names]
        _forget_merges(tenant, external_id)
        erasures = [Erasure(tenant=tenant.slug, shopper=name, at=now) for name in names]
        rows = telling.note(tenant, erasures, now)
    moved = telling.tell(rows, all_of_it=True)
    pending = pending_of(rows)
    if n_preferences and not copy_soon(tenant):
        pending = sorted({*pending, "redis"})
    return Receipt(
        erased_at=now,
        tombstone=removed[0].tombstone.hex(),
        n_users=removed[0].n_users,
        n_preferences=n_preferences,
        n_interactions=sum(part.n_interactions for part in removed),
        n_sessions=len(sessions),
        n_answers=removed[0].n_answers,
        live_state=moved,
        pending=pending,
    )


def _forget_merges(tenant: Tenant, external_id: str) -> None:
    """Drop merges into this user that are still to be told: they hold the name, and would give it something to do."""
    pending = [(row.pk, acts.decode(row.message.encode())) for row in PendingAct.objects.filter(tenant=tenant)]
    doomed = [pk for pk, act in pending if isinstance(act, Merge) and act.user_id == external_id]
    PendingAct.objects.filter(pk__in=doomed).delete()
