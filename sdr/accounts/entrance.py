"""The way in, one for REST and gRPC: who calls, and whether not too often."""

from typing import NamedTuple

from django.conf import settings

from sdr import addresses, patience
from sdr.accounts import access, keys
from sdr.accounts.callers import Access
from sdr.ratelimits import limiter
from sdr.ratelimits.limiter import Allowance


class Call(NamedTuple):
    """What a call says of itself; see :func:`sdr.accounts.access.authenticate`."""

    authorization: str | None
    address: str | None
    origin: str | None = None
    is_forwarded: bool = False


def admit(call: Call) -> tuple[Access, Allowance | None]:
    """Return who calls and what is left of their limit; raises Unauthenticated, RateLimited or Unavailable.

    Every call counts as one, whatever it carries. Calls with a key count by key; those without one that this process
    knows count by address, before any server is asked about them.
    """
    if call.authorization and keys.table().holds(call.authorization):
        allowance = None
    else:
        if call.authorization:
            patience.about_to_wait()  # for who knows the key, and before the call is counted
        allowance = take_for_address(call.address)
    caller = _authenticate(call)
    if caller.key_id is not None:
        allowance = limiter.take(f"key:{caller.key_id}", _rate_of(caller))
    return caller, allowance


def take_for_address(address: str | None) -> Allowance | None:
    """Count one call of nobody we know; raises RateLimited."""
    return limiter.take(f"address:{addresses.subscriber(address)}", settings.RATE_LIMIT_ANONYMOUS)


def _rate_of(caller: Access) -> int:
    return settings.RATE_LIMIT_KEY if caller.rate_limit is None else caller.rate_limit


def _authenticate(call: Call) -> Access:
    return access.authenticate(call.authorization, call.address, origin=call.origin, is_forwarded=call.is_forwarded)
