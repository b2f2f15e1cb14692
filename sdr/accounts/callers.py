"""Who is calling, once that is known, and the refusal where it is not."""

from dataclasses import dataclass

from sdr.accounts.models import DEFAULT_TENANT, DEFAULT_TENANT_ID, Scope
from sdr.exceptions import SdrError


class Unauthenticated(SdrError):
    """No key, or one that is unknown, expired, revoked or of a closed tenant."""

    code = "unauthenticated"


@dataclass(frozen=True, slots=True)
class Access:
    """Who calls: the tenant every look-up is bound to, and the scopes granted.

    ``rate_limit`` is the key's own, in calls a second: None what the settings say, 0 none.
    """

    tenant_id: int
    tenant: str
    scopes: frozenset[str]
    key_id: int | None = None
    rate_limit: int | None = None
    allowed_origins: frozenset[str] = frozenset()
    is_authenticated: bool = True  # what DRF asks of a request's user
    name: str = ""

    def __str__(self) -> str:
        return self.name or f"{self.tenant}'s backend"


KEYLESS = Access(DEFAULT_TENANT_ID, DEFAULT_TENANT, frozenset(Scope.values))
"""A caller on this machine where keys are not required."""
