"""The last days of a tenant's archive, as evaluation reads a log."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from events.kinds import MEETING, Kind
from events.models import Interaction, TrendWeights
from recommendations.evaluation.log import Interactions
from sdr.accounts.models import Tenant

# The newest so many: about two seconds and 100 MB of a worker, however busy the shop.
MAX_EVENTS = 200_000
_FIELDS = ("kind", "product_id", "user_id", "session_id", "occurred_at")


@dataclass(frozen=True, slots=True)
class Archived:
    """``log``: its rows are places in ``product_ids``, int64, ascending: no index is asked yet."""

    log: Interactions
    product_ids: NDArray[np.int64]


def read_archive(tenant: Tenant) -> Archived:
    """Return what shoppers of ``tenant`` met in the last ``QUALITY_DAYS`` of its archive, erased shoppers left out.

    The last day is that of the newest event, not today: a shop that is closed for a week is judged by what it has.
    """
    columns = _Columns(_weights(tenant))
    found = _newest_first(tenant)
    newest = found.first()
    if newest is not None:
        since = newest[-1] - timedelta(days=settings.QUALITY_DAYS)
        for row in found.filter(occurred_at__gt=since)[:MAX_EVENTS].iterator(chunk_size=10_000):
            columns.append(*row)
    return columns.archived()


def _newest_first(tenant: Tenant) -> Any:
    met = Interaction.objects.filter(tenant=tenant, kind__in=MEETING).exclude(product=None)
    met = met.exclude(user=None, session_id=None)  # erased: nobody's steps
    return met.order_by("-occurred_at", "-partition", "-offset").values_list(*_FIELDS)


def _weights(tenant: Tenant) -> dict[str, float]:
    own = TrendWeights.objects.filter(tenant=tenant).first() or TrendWeights(tenant=tenant)
    return {kind.value: weight for kind, weight in own.weights().items()}


@dataclass(slots=True)
class _Columns:
    """Rows as they come: the newest first."""

    worth: dict[str, float]
    names: dict[object, int] = field(default_factory=dict)
    shoppers: list[int] = field(default_factory=list)
    visits: list[int] = field(default_factory=list)
    products: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    purchases: list[bool] = field(default_factory=list)

    def append(self, kind: str, product: int, user: UUID | int | None, session: str | None, at: Any) -> None:
        shopper, visit = (user if user is not None else session), (session if session is not None else user)
        self.shoppers.append(self._number(shopper))
        self.visits.append(self._number(visit))
        self.products.append(product)
        self.seconds.append(at.timestamp())
        self.weights.append(self.worth[kind])
        self.purchases.append(kind == Kind.PURCHASE)

    def _number(self, name: object) -> int:
        # A user's name here is a number and a session's is text: they never meet.
        return self.names.setdefault(name, len(self.names))

    def archived(self) -> Archived:
        product_ids, rows = np.unique(np.array(self.products, dtype=np.int64), return_inverse=True)
        columns = (self.shoppers, rows, self.seconds, self.weights, self.purchases, self.visits)
        return Archived(Interactions.of(*(np.array(column)[::-1] for column in columns)), product_ids)
