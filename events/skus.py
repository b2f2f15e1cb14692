"""SKUs to product ids, for events of callers who know their products by SKU only."""

import time
from collections.abc import Collection

from django.db import DatabaseError, InterfaceError, connection

from catalog import selectors
from sdr.exceptions import Unavailable

_MAX_ENTRIES = 200_000
# A SKU that is unknown now may be created in the next second.
_RETRY_UNKNOWN_SECONDS = 1.0


class SkuResolver:
    """A bounded memory of one process. An id, once given to a SKU, is never given to another."""

    def __init__(self) -> None:
        self._ids: dict[tuple[int, str], int] = {}
        self._unknown_since: dict[tuple[int, str], float] = {}

    def resolve(self, tenant_id: int, skus: Collection[str]) -> dict[str, int]:
        """Return the ids of those SKUs that exist. Raises Unavailable when Postgres is needed and does not answer."""
        if missing := {sku for sku in skus if self._is_worth_asking((tenant_id, sku))}:
            self._ask(tenant_id, missing)
        return {sku: self._ids[tenant_id, sku] for sku in skus if (tenant_id, sku) in self._ids}

    def _is_worth_asking(self, key: tuple[int, str]) -> bool:
        since = self._unknown_since.get(key, float("-inf"))
        return key not in self._ids and time.monotonic() - since > _RETRY_UNKNOWN_SECONDS

    def _ask(self, tenant_id: int, skus: set[str]) -> None:
        try:
            found = selectors.product_ids_by_sku(tenant_id, skus)
        except (DatabaseError, InterfaceError) as error:
            connection.close()  # Django makes a new one only where there is none
            raise Unavailable(f"Postgres: {error}") from error
        for memory in (self._ids, self._unknown_since):
            if len(memory) > _MAX_ENTRIES:
                memory.clear()
        now = time.monotonic()
        self._unknown_since.update({(tenant_id, sku): now for sku in skus - found.keys()})
        self._ids.update({(tenant_id, sku): product_id for sku, product_id in found.items()})
