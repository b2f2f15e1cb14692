"""Who was erased, remembered by consumers so that what is read late, again or from an old copy brings nobody back."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from django.db import DatabaseError, InterfaceError, connection

from events.acts import Erasure
from events.messages import Event
from sdr.accounts.models import Tenant, Tombstone
from sdr.accounts.tombstones import name_hash
from sdr.exceptions import Unavailable

_REFRESH_SECONDS = 5.0
# Transactions end in another order than their instants.
_OVERLAP = timedelta(minutes=1)
_NEVER = datetime.min.replace(tzinfo=UTC)


class Erased(Protocol):
    """Who was erased, and when."""

    def refresh(self) -> None:
        """Learn of those who were erased lately. Raises Unavailable if nothing was ever learnt."""
        ...

    def names_left(self, event: Event) -> tuple[str, ...]:
        """Return the event's shoppers, without those who were erased since: of a user's event, without the session."""
        ...

    def is_erased(self, tenant: str, name: str, at: datetime) -> bool:
        """Return whether the shopper of that name was erased at that instant or later."""
        ...

    def add(self, erasure: Erasure) -> None:
        """Learn of one."""
        ...


class NobodyErased:
    """For who has no Postgres."""

    def refresh(self) -> None:
        pass

    def names_left(self, event: Event) -> tuple[str, ...]:
        return event.shoppers

    def is_erased(self, tenant: str, name: str, at: datetime) -> bool:
        return False

    def add(self, erasure: Erasure) -> None:
        pass


@dataclass(slots=True)
class _Tenant:
    salt: bytes
    erased_at: dict[bytes, datetime] = field(default_factory=dict)
    newest: datetime = _NEVER

    def add(self, hashed: bytes, at: datetime) -> None:
        self.erased_at[hashed] = max(at, self.erased_at.get(hashed, at))
        self.newest = max(self.newest, at)

    def is_erased(self, name: str, at: datetime) -> bool:
        return at <= self.newest and at <= self.erased_at.get(name_hash(self.salt, name), _NEVER)


class TombstoneDirectory:
    """All tombstones, at most a few seconds old while Postgres answers."""

    def __init__(self) -> None:
        self._tenants: dict[str, _Tenant] = {}
        self._read_at = float("-inf")

    def refresh(self) -> None:
        if time.monotonic() - self._read_at <= _REFRESH_SECONDS:
            return
        newest = max((tenant.newest for tenant in self._tenants.values()), default=_NEVER)
        try:
            self._read(since=newest if newest == _NEVER else newest - _OVERLAP)
        except (DatabaseError, InterfaceError) as error:
            connection.close()  # Django makes a new one only where there is none
            if not self._tenants:
                raise Unavailable(f"Postgres: {error}") from error
        self._read_at = time.monotonic()

    def names_left(self, event: Event) -> tuple[str, ...]:
        tenant = self._tenants.get(event.tenant)
        at = min(event.occurred_at, event.received_at)
        # Without a look at the names, nearly always: most events are younger than the last erasure.
        if tenant is None or at > tenant.newest:
            return event.shoppers
        left = tuple(name for name in event.shoppers if not tenant.is_erased(name, at))
        is_user_gone = event.user_id is not None and (not left or left[0] != event.shoppers[0])
        return () if is_user_gone else left

    def is_erased(self, tenant: str, name: str, at: datetime) -> bool:
        found = self._tenants.get(tenant)
        return found is not None and found.is_erased(name, at)

    def add(self, erasure: Erasure) -> None:
        tenant = self._tenants.get(erasure.tenant)
        if tenant is not None:
            tenant.add(name_hash(tenant.salt, erasure.shopper), erasure.at)

    def _read(self, *, since: datetime) -> None:
        for slug, salt in Tenant.objects.values_list("slug", "tombstone_salt"):
            self._tenants.setdefault(slug, _Tenant(bytes(salt)))
        rows = Tombstone.objects.filter(erased_at__gte=since).values_list("tenant__slug", "name_hash", "erased_at")
        for slug, hashed, erased_at in rows.iterator():
            self._tenants[slug].add(bytes(hashed), erased_at)
