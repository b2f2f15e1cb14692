"""From preferences in Postgres, which are the truth, to their copies in Redis, which answers read.

A trigger notes whose preferences change, in the writer's transaction. Whoever copies holds the tenant's row meanwhile,
and deletes the notes with what they led to, so that no change is forgotten: if Redis is away the notes stay.
"""

import uuid
from collections.abc import Collection, Iterator

import msgspec
import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

from events.live import copies
from events.live.base import Rejected
from events.models import PreferencesCopy
from sdr.accounts.models import PreferencesChange, Tenant, User
from sdr.accounts.preferences import Preferences
from sdr.breaker import Breaker
from sdr.exceptions import Unavailable

log = structlog.get_logger(__name__)

_CHUNK = 1000
_PATIENCE_MS = 500
_breaker = Breaker()
_encoder = msgspec.json.Encoder()


def copy_changes(tenant: Tenant, *, lock_timeout_ms: int = 0) -> int:
    """Bring Redis up to date; return how many changes there were to copy.

    Copies everything if Redis lost some of it. Raises Unavailable when Redis does not answer, and OperationalError if
    somebody else copies for longer than ``lock_timeout_ms`` (0: no limit).
    """
    n_copied = 0
    while True:
        n = _copy_some(tenant, lock_timeout_ms)
        n_copied += n
        if n < _CHUNK:
            return n_copied


def copy_soon(tenant: Tenant) -> bool:
    """Copy what changed, if that can be done at once, and return whether it was; else it is done within seconds.

    What was changed is safe in Postgres, so nobody who changes it waits long for a Redis that does not answer.
    """
    if not _breaker.lets_pass():
        return False
    try:
        copy_changes(tenant, lock_timeout_ms=_PATIENCE_MS)
    except (Unavailable, Rejected) as error:
        _breaker.failed()
        log.warning("preferences wait to be copied", tenant=tenant.slug, reason=str(error))
        return False
    except OperationalError as error:
        log.warning("preferences wait to be copied", tenant=tenant.slug, reason=str(error))
        return False
    _breaker.succeeded()
    return True


@transaction.atomic
def _copy_some(tenant: Tenant, lock_timeout_ms: int) -> int:
    mark = _lock(tenant, lock_timeout_ms)
    notes = list(PreferencesChange.objects.filter(tenant=tenant).order_by("id")[:_CHUNK])
    if notes:
        found = _copies_of(tenant, {note.external_id for note in notes})
        is_written = copies.write(tenant.slug, found, expect=str(mark.n_writes), after=str(mark.n_writes + 1))
    else:
        is_written = copies.write(tenant.slug, {}, expect=str(mark.n_writes), after=str(mark.n_writes))
    if not is_written:
        _copy_all(tenant, str(mark.n_writes + 1))
    if notes or not is_written:
        mark.n_writes += 1
        mark.save()
    PreferencesChange.objects.filter(pk__in=[note.pk for note in notes]).delete()
    return len(notes)


def _lock(tenant: Tenant, timeout_ms: int) -> PreferencesCopy:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [str(timeout_ms)])
    PreferencesCopy.objects.bulk_create([PreferencesCopy(tenant=tenant)], ignore_conflicts=True)
    mark = PreferencesCopy.objects.select_for_update().get(tenant=tenant)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', '0', true)")
    return mark


def _copy_all(tenant: Tenant, after: str) -> None:
    """Redis is not where we left it: write every copy, and take away those that have no preferences any more."""
    log.warning("copying all preferences to Redis", tenant=tenant.slug)
    interim = f"copying-{uuid.uuid4().hex}"
    copies.begin_anew(tenant.slug, interim)
    for names in copies.copied(tenant.slug):
        users = {name.removeprefix("u:") for name in names}
        stale = {name: copy for name, copy in _copies_of(tenant, users).items() if not copy}
        copies.write(tenant.slug, stale, expect=interim, after=interim)
    for chunk in _chunks(User.objects.filter(tenant=tenant, external_id__isnull=False).exclude(preferences={})):
        copies.write(tenant.slug, {_name(user): _copy_of(user) for user in chunk}, expect=interim, after=interim)
    # Lost again meanwhile? Then the marks differ, and the next one who copies does it all once more.
    copies.write(tenant.slug, {}, expect=interim, after=after)


def _copies_of(tenant: Tenant, external_ids: Collection[str]) -> dict[str, bytes]:
    users = User.objects.filter(tenant=tenant, external_id__in=external_ids)
    return {f"u:{external_id}": b"" for external_id in external_ids} | {_name(user): _copy_of(user) for user in users}


def _name(user: User) -> str:
    return f"u:{user.external_id}"


def _copy_of(user: User) -> bytes:
    try:
        preferences = msgspec.convert(user.preferences, Preferences)
    except msgspec.ValidationError as error:  # written past every check, by hand
        log.error("preferences are not readable", user=user.pk, error=str(error))
        return b""
    return b"" if preferences == Preferences() else _encoder.encode(preferences)


def _chunks(users: QuerySet[User]) -> Iterator[list[User]]:
    chunk: list[User] = []
    for user in users.only("external_id", "preferences").iterator(chunk_size=_CHUNK):
        chunk.append(user)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
