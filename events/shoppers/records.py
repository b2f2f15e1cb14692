"""What Postgres does with a merge or an erasure, in the caller's transaction: asked for, or met in the log."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Q, QuerySet

from events.models import Interaction, SessionMerge, Shopper
from sdr.accounts.models import User
from sdr.idempotency.attempt import forget_about

# The archive adds rows under the shared lock, and looks for tombstones after it has it: so it either has added them
# before an erasure, which then takes the names off, or it finds the tombstone.
_LOCK = "SELECT pg_advisory_xact_lock{shared}(hashtext('events erasures'))"
_TOMBSTONE = """
INSERT INTO accounts_tombstone (tenant_id, name_hash, erased_at)
SELECT id, sha256(tombstone_salt || convert_to(%s, 'UTF8')), %s FROM accounts_tenant WHERE id = %s
ON CONFLICT (tenant_id, name_hash)
DO UPDATE SET erased_at = GREATEST(accounts_tombstone.erased_at, EXCLUDED.erased_at)
RETURNING name_hash
"""
_IS_ERASED = """
SELECT EXISTS (
    SELECT FROM accounts_tombstone JOIN accounts_tenant ON accounts_tenant.id = tenant_id
    WHERE tenant_id = %s AND name_hash = sha256(tombstone_salt || convert_to(%s, 'UTF8')) AND erased_at >= %s
)
"""


@dataclass(frozen=True, slots=True)
class Removed:
    """What an erasure took from Postgres. ``n_interactions`` stay, without a name."""

    tombstone: bytes
    n_users: int = 0
    n_interactions: int = 0
    n_answers: int = 0


def lock_for_erasure() -> None:
    """Wait for rows that are being archived, and keep others out until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK.format(shared=""))


def lock_for_archiving() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK.format(shared="_shared"))


def sessions_of(user: User) -> list[str]:
    """Return the sessions that the user is known to have had."""
    merged = set(user.session_merges.values_list("session_id", flat=True))
    met = user.behavior_history.exclude(session_id=None).order_by().values_list("session_id", flat=True)
    return sorted(merged | set(met.distinct()))


def erase(tenant_id: int, name: str, at: datetime) -> Removed:
    """Take this shopper's name (``u:…``, ``s:…``) off all that happened until then; call under the lock for it.

    A user who came back since stays. Staff stay too, without the id and the preferences.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TOMBSTONE, [name, at, tenant_id])
        (tombstone,) = cursor.fetchone()
    past = Interaction.objects.filter(Q(occurred_at__lte=at) | Q(received_at__lte=at), tenant=tenant_id)
    kind, _, own_id = name.partition(":")
    if kind == "s":
        SessionMerge.objects.filter(tenant=tenant_id, session_id=own_id, merged_at__lte=at).delete()
        return Removed(bytes(tombstone), n_interactions=past.filter(session_id=own_id).update(session_id=None))
    n_answers = forget_about(tenant_id, bytes(tombstone), at)
    user = User.objects.select_for_update().filter(tenant=tenant_id, external_id=own_id).first()
    if user is None:
        return Removed(bytes(tombstone), n_answers=n_answers)
    n_interactions = _without_names(past.filter(user=user))
    return Removed(bytes(tombstone), _remove(user, at), n_interactions, n_answers)


def _without_names(interactions: QuerySet[Interaction]) -> int:
    return interactions.update(user=None, session_id=None)


def _remove(user: User, at: datetime) -> int:
    # A row younger than the erasure is of somebody who came back, if anything speaks of it: the archive makes rows too,
    # when it reads old events again after Postgres was restored.
    if user.date_joined > at and (user.preferences or user.behavior_history.exists()):
        return 0
    # The admin's log of who changed the row calls it by its name.
    LogEntry.objects.filter(object_id=str(user.pk), content_type__in=_content_types()).delete()
    if user.is_staff or user.is_superuser:
        user.external_id, user.preferences = None, {}
        user.save(update_fields=["external_id", "preferences"])
    else:
        user.delete()
    return 1


def _content_types() -> Collection[ContentType]:
    return ContentType.objects.get_for_models(User, Shopper, for_concrete_models=False).values()


def merge(tenant_id: int, user_id: str, session_id: str, at: datetime) -> int:
    """Give the user what the session did until then without a name; return how many interactions that were.

    Does nothing for a user who was erased since.
    """
    with connection.cursor() as cursor:
        cursor.execute(_IS_ERASED, [tenant_id, f"u:{user_id}", at])
        if cursor.fetchone()[0]:
            return 0
    user, _ = User.objects.get_or_create(tenant_id=tenant_id, external_id=user_id)
    _, is_new = SessionMerge.objects.get_or_create(
        tenant_id=tenant_id, session_id=session_id, user=user, defaults={"merged_at": at}
    )
    if not is_new:
        own = SessionMerge.objects.filter(tenant_id=tenant_id, session_id=session_id, user=user, merged_at__lt=at)
        own.update(merged_at=at)
    anonymous = Interaction.objects.filter(tenant=tenant_id, session_id=session_id, user=None, received_at__lte=at)
    return anonymous.update(user=user)
