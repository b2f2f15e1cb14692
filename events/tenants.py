"""Which tenants there are, remembered so that events go on while Postgres is away."""

import time
from collections.abc import Collection
from typing import Protocol

from django.db import DatabaseError, InterfaceError, connection

from events.kinds import TREND_WEIGHTS, Kind
from events.models import TrendWeights
from sdr.accounts.models import Tenant
from sdr.exceptions import Unavailable

_REFRESH_SECONDS = 5.0


class Directory(Protocol):
    """Which tenants take part, and how much each kind of event weighs in their trends."""

    def ids(self, needed: Collection[str] = ()) -> dict[str, int]:
        """Return slug → id; of those ``needed``, however new they are. Raises Unavailable when it cannot be known."""
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

    def ids(self, needed: Collection[str] = ()) -> dict[str, int]:
        """Return slug → id. Raises Unavailable if one that is needed is not known, and Postgres does not answer."""
        if time.monotonic() - self._read_at > _REFRESH_SECONDS:
            self._refresh(may_fail=bool(self._ids))
        if any(slug not in self._ids for slug in needed):
            # A tenant may be younger than what was read; its first events must not be passed over.
            self._refresh(may_fail=False)
        return self._ids

    def weights(self, slug: str) -> dict[Kind, float]:
        """Return the tenant's own weights, or the usual ones."""
        return self._weights.get(slug, TREND_WEIGHTS)

    def _refresh(self, *, may_fail: bool) -> None:
        try:
            self._weights = {row.tenant.slug: row.weights() for row in TrendWeights.objects.select_related("tenant")}
            self._ids = dict(Tenant.objects.filter(is_active=True).values_list("slug", "id"))
        except (DatabaseError, InterfaceError) as error:
            connection.close()  # Django makes a new one only where there is none
            if not may_fail:
                raise Unavailable(f"Postgres: {error}") from error
        self._read_at = time.monotonic()
