"""From a key, or the lack of one, to what its caller may do."""

from django.conf import settings

from sdr import addresses
from sdr.accounts import keys
from sdr.accounts.callers import KEYLESS, Access, Unauthenticated
from sdr.accounts.services import create_key, hash_key

__all__ = ["Access", "Unauthenticated", "authenticate", "create_key", "hash_key"]


def authenticate(
    authorization: str | None, remote_address: str | None, *, origin: str | None = None, is_forwarded: bool = False
) -> Access:
    """Return the caller's access; raises :class:`Unauthenticated`, or Unavailable where nobody can tell.

    ``authorization`` is the header of that name (``Bearer KEY``); ``remote_address`` the caller's IP address,
    None where it is not known (a unix socket); ``origin`` the page that a browser sends the call for;
    ``is_forwarded`` whether it came by way of a proxy that nobody told us to trust.
    """
    if authorization:
        return _access_of_key(authorization, origin)
    if settings.API_KEYS_REQUIRED:
        raise Unauthenticated("An API key is required: send 'Authorization: Bearer KEY'.")
    # The proxy would be on this machine, and the caller anywhere.
    if is_forwarded or not addresses.is_loopback(remote_address):
        raise Unauthenticated("Without an API key, calls are taken from this machine only.")
    return KEYLESS


def _access_of_key(authorization: str, origin: str | None) -> Access:
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise Unauthenticated("The Authorization header must read 'Bearer KEY'.")
    table = keys.table()
    held = table.find(key.strip())
    if held is None:
        raise Unauthenticated("This API key is unknown or has expired.")
    access = held.access
    if access.allowed_origins and origin not in access.allowed_origins:
        raise Unauthenticated("This API key is for other pages: its allowed origins do not name this one.")
    if access.key_id is not None:
        table.uses.note(access.key_id)
    return access
