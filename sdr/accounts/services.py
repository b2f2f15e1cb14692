"""Keys and tenants: made, rotated, revoked."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import Q

from sdr import clock
from sdr.accounts.models import ApiKey, Tenant, User

KEY_PREFIX = "sdr_"
# For how long the secret before a rotation goes on opening doors, unless somebody says otherwise.
OVERLAP = timedelta(days=1)


def hash_key(key: str) -> str:
    # A key has 256 random bits: a slow hash would cost every request and protect nothing.
    return hashlib.sha256(key.encode()).hexdigest()


def create_key(
    tenant: Tenant, scopes: Iterable[str], *, name: str = "", is_public: bool = False, **fields: Any
) -> tuple[ApiKey, str]:
    """Make a key and return its row and the key itself, which is kept nowhere."""
    row = ApiKey(tenant=tenant, name=name, scopes=list(scopes), is_public=is_public, **fields)
    key = give_secret(row)
    row.save()
    return row, key


def give_secret(row: ApiKey) -> str:
    """Give ``row``, which is not saved here, a secret of its own and return that."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    row.prefix, row.hashed_key = key[:12], hash_key(key)
    return key


def rotate_key(row: ApiKey, *, overlap: timedelta = OVERLAP, now: datetime | None = None) -> str:
    """Give the key a new secret and return it. The one before opens doors for ``overlap`` longer, older ones none."""
    row.previous_hashed_key, row.previous_expires_at = row.hashed_key, (now or clock.now()) + overlap
    key = give_secret(row)
    row.save(update_fields=["hashed_key", "prefix", "previous_hashed_key", "previous_expires_at"])
    return key


def revoke_keys(rows: Iterable[ApiKey]) -> int:
    """Close the keys for good, in every process within a second. Return how many were open."""
    return ApiKey.objects.filter(pk__in=[row.pk for row in rows], revoked_at=None).update(revoked_at=clock.now())


@transaction.atomic
def open_tenant(tenant: Tenant, *, username: str, password: str) -> User:
    """Save a new tenant and the first of its staff, who may do everything that concerns one shop."""
    tenant.save()
    staff = User.objects.create_user(username, password=password, is_staff=True, tenant=tenant)
    staff.user_permissions.set(shop_permissions())
    return staff


def shop_permissions() -> Iterable[Permission]:
    """Return what the head of one shop may do: its catalogue, its people, its keys, what is recommended."""
    ours = Q(content_type__app_label__in=("catalog", "events", "recommendations"))
    accounts = Q(content_type__app_label="accounts", content_type__model__in=("user", "apikey"))
    return Permission.objects.filter(ours | accounts)
