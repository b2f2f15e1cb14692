"""Which tenants there are, remembered so that events go on while Postgres is away."""

import time

from django.db import DatabaseError, InterfaceError

from sdr.accounts.models import Tenant
from sdr.exceptions import Unavailable

_REFRESH_SECONDS = 5.0


class TenantDirectory:
    """Active tenants' slugs and ids, at most a few seconds old while Postgres answers."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._read_at = float("-inf")

    def ids(self) -> dict[str, int]:
        """Return slug → id. Raises Unavailable if they were never read and cannot be now."""
        if time.monotonic() - self._read_at > _REFRESH_SECONDS:
            self._refresh()
        return self._ids

    def _refresh(self) -> None:
        try:
            self._ids = dict(Tenant.objects.filter(is_active=True).values_list("slug", "id"))
        except (DatabaseError, InterfaceError) as error:
            if not self._ids:
                raise Unavailable(f"Postgres: {error}") from error
        self._read_at = time.monotonic()
