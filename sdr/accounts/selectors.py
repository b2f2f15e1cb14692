"""Keys, read for the table that every process holds."""

from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any
from uuid import UUID

from django.db.models import Q

from sdr.accounts.callers import Access
from sdr.accounts.models import PUBLIC_SCOPES, AccessRevision, ApiKey

Revision = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class HeldKey:
    """What a process knows of one secret: ``digest`` its SHA-256, ``expires_at`` in seconds since the epoch."""

    digest: str
    expires_at: float
    access: Access


def access_revision() -> Revision | None:
    """Return what changes with every change to keys and tenants; None before the first."""
    return AccessRevision.objects.values_list("incarnation", "revision").first()


def open_keys(now: datetime) -> dict[str, HeldKey]:
    """Return every secret that opens a door, now or until it expires, by its hash."""
    unexpired = Q(expires_at=None) | Q(expires_at__gt=now)
    rows = ApiKey.objects.filter(unexpired, revoked_at=None, tenant__is_active=True).select_related("tenant")
    held = (secret for row in rows.iterator(chunk_size=2000) for secret in _secrets_of(row))
    return {secret.digest: secret for secret in held}


def _secrets_of(row: ApiKey) -> list[HeldKey]:
    access = Access(
        tenant_id=row.tenant.pk,
        tenant=row.tenant.slug,
        scopes=frozenset(PUBLIC_SCOPES.intersection(row.scopes) if row.is_public else row.scopes),
        key_id=row.pk,
        rate_limit=row.rate_limit,
        allowed_origins=frozenset(row.allowed_origins),
    )
    expires_at = _seconds(row.expires_at)
    secrets = [HeldKey(row.hashed_key, expires_at, access)]
    if row.previous_hashed_key:
        until = min(expires_at, _seconds(row.previous_expires_at))
        secrets.append(HeldKey(row.previous_hashed_key, until, access))
    return secrets


def _seconds(instant: datetime | Any) -> float:
    return instant.timestamp() if instant else inf
