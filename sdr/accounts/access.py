"""From a key, or the lack of one, to what its caller may do."""

import hashlib
import ipaddress
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q

from sdr import clock
from sdr.accounts.models import DEFAULT_TENANT, DEFAULT_TENANT_ID, ApiKey, Scope, Tenant
from sdr.exceptions import SdrError

KEY_PREFIX = "sdr_"


class Unauthenticated(SdrError):
    """No key, or one that is unknown, expired or of a closed tenant."""

    code = "unauthenticated"


@dataclass(frozen=True, slots=True)
class Access:
    """Who calls: the tenant every look-up is bound to, and the scopes granted."""

    tenant_id: int
    tenant: str
    scopes: frozenset[str]
    is_authenticated: bool = True  # what DRF asks of a request's user

    def __str__(self) -> str:
        return f"{self.tenant}'s backend"


def hash_key(key: str) -> str:
    # A key has 256 random bits: a slow hash would cost every request and protect nothing.
    return hashlib.sha256(key.encode()).hexdigest()


def create_key(tenant: Tenant, scopes: list[str], *, name: str = "", is_public: bool = False) -> tuple[ApiKey, str]:
    """Make a key and return its row and the key itself, which is kept nowhere."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    row = ApiKey.objects.create(
        tenant=tenant, name=name, prefix=key[:12], hashed_key=hash_key(key), scopes=scopes, is_public=is_public
    )
    return row, key


def authenticate(authorization: str | None, remote_address: str | None) -> Access:
    """Return the caller's access; raises :class:`Unauthenticated`.

    ``authorization`` is the header of that name (``Bearer KEY``); ``remote_address`` the caller's IP address,
    None where it is not known (a unix socket).
    """
    if authorization:
        return _access_of_key(authorization)
    if settings.API_KEYS_REQUIRED:
        raise Unauthenticated("An API key is required: send 'Authorization: Bearer KEY'.")
    if not _is_loopback(remote_address):
        raise Unauthenticated("Without an API key, calls are taken from this machine only.")
    return _access_without_key()


def _access_of_key(authorization: str) -> Access:
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise Unauthenticated("The Authorization header must read 'Bearer KEY'.")
    alive = Q(expires_at=None) | Q(expires_at__gt=clock.now())
    row = (
        ApiKey.objects.filter(alive, hashed_key=hash_key(key.strip()), tenant__is_active=True)
        .select_related("tenant")
        .first()
    )
    if row is None:
        raise Unauthenticated("This API key is unknown or has expired.")
    return Access(row.tenant_id, row.tenant.slug, frozenset(row.scopes))


def _access_without_key() -> Access:
    return Access(DEFAULT_TENANT_ID, DEFAULT_TENANT, frozenset(Scope.values))


def _is_loopback(remote_address: str | None) -> bool:
    if remote_address is None:
        return False
    address = ipaddress.ip_address(remote_address.strip("[]"))
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
