"""Which tenants there are, remembered so that events go on while Postgres is away."""

import time
from typing import Protocol

from django.db import DatabaseError, InterfaceError

from events.kinds import TREND_WEIGHTS, Kind
from events.models import TrendWeights
from sdr.accounts.models import Tenant
from sdr.exceptions import Unavailable

_REFRESH_SECONDS = 5.0


class Directory(Protocol):
    """Which tenants take part, and how much each kind of event weighs in their trends."""

    def ids(self) -> dict[str, int]:
        """Return slug → id. Raises Unavailable when that cannot be known."""
        ...

    def weights(self, slug: str) -> dict[Kind, float]:
        """Return the weight of each kind that counts in the trends of one of these tenants."""
        ...


class TenantDirectory:
    """Active tenants' slugs and ids, at most a few seconds old while Postgres answers."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._weights: dict[str, dict[Kind, float]] = {}
        self._read_at = float("-inf")

    def ids(self) -> dict[str, int]:
        """Return slug → id. Raises Unavailable if they were never read and cannot be now."""
        if time.monotonic() - self._read_at > _REFRESH_SECONDS:
            self._refresh()
        return self._ids

    def weights(self, slug: str) -> dict[Kind, float]:
        """Return the tenant's own weights, or the usual ones."""
        return self._weights.get(slug, TREND_WEIGHTS)

    def _refresh(self) -> None:
        try:
            self._weights = {row.tenant.slug: row.weights() for row in TrendWeights.objects.select_related("tenant")}
            self._ids = dict(Tenant.objects.filter(is_active=True).values_list("slug", "id"))
        except (DatabaseError, InterfaceError) as error:
            if not self._ids:
                raise Unavailable(f"Postgres: {error}") from error
        self._read_at = time.monotonic()
