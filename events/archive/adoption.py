"""Rows that named a SKU get their product once it exists, and the live state gets the events it had to pass over."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import connection
from django.db.models import Case, QuerySet, Value, When

from catalog import selectors
from events import codec
from events.archive.errors import one_transaction
from events.archive.history import FIELDS, to_event
from events.broker.base import Outcome, Outgoing, Publisher
from events.models import Interaction
from sdr import clock
from sdr.accounts.models import Tenant
from sdr.exceptions import Unavailable

log = structlog.get_logger(__name__)

# An event that is sent again is surely known by its id where it was counted after all: the window of ids is ten minutes
# of the log's time, which may be five minutes behind what a message says of itself.
SEND_WITHIN = timedelta(minutes=4)
_SKUS_AT_ONCE = 200
_ROWS_AT_ONCE = 500

_NEXT_SKUS = """
SELECT DISTINCT tenant_id, sku FROM events_interaction
WHERE product_id IS NULL AND (tenant_id, sku) > (%s, %s) ORDER BY tenant_id, sku LIMIT %s
"""

Pair = tuple[int, str]


class Adoption:
    """Walks round and round through the SKUs that no product had, a few at each step, so that a step stays cheap."""

    def __init__(self, publisher: Callable[[], Publisher]) -> None:
        self._publisher = publisher
        self._after: Pair = (0, "")

    def step(self) -> int:
        """Return how many rows got their product. Raises Unavailable."""
        with one_transaction():
            pairs = _next_skus(self._after)
            products = _products(pairs)
            n_adopted = self._adopt(products) if products else 0
        self._after = pairs[-1] if len(pairs) == _SKUS_AT_ONCE else (0, "")
        return n_adopted

    def _adopt(self, products: dict[Pair, int]) -> int:
        tenant_ids, skus = {tenant for tenant, _ in products}, {sku for _, sku in products}
        theirs = Interaction.objects.filter(product=None, tenant_id__in=tenant_ids, sku__in=skus)
        # Locked, so that two archivers do not send the same ones; what the other has locked it adopts itself.
        locked = theirs.select_for_update(skip_locked=True).values_list("pk", "tenant_id", "sku")[:_ROWS_AT_ONCE]
        mine = theirs.filter(pk__in=[pk for pk, tenant, sku in locked if (tenant, str(sku)) in products])
        # Sent, then noted, then committed: after a crash in between they are sent again, and known by their ids.
        self._send(mine.filter(received_at__gte=clock.now() - SEND_WITHIN), products)
        whens = [When(tenant_id=tenant, sku=sku, then=Value(product)) for (tenant, sku), product in products.items()]
        n_adopted = mine.update(product_id=Case(*whens))
        log.info("interactions have their products now", n_rows=n_adopted)
        return n_adopted

    def _send(self, recent: QuerySet[Interaction], products: dict[Pair, int]) -> None:
        slugs = dict(Tenant.objects.filter(pk__in={tenant for tenant, _ in products}).values_list("pk", "slug"))
        messages = []
        for tenant_id, sku, *row in recent.order_by("offset").values_list("tenant_id", "sku", *FIELDS):
            event = to_event(row, slugs[tenant_id], product_id=products[tenant_id, sku])
            # To the place it came from, whoever sent it there: ids are remembered by topic and partition.
            topic, _incarnation, partition, _offset = row[-4:]
            messages.append(Outgoing(topic, event.shopper, codec.encode(event), partition=partition))
        outcomes = self._publisher().publish(messages, timeout_seconds=settings.KAFKA_ACK_TIMEOUT_SECONDS)
        if n_open := len(outcomes) - outcomes.count(Outcome.ACCEPTED):
            raise Unavailable(f"Kafka did not acknowledge {n_open} of {len(outcomes)} events whose product came later.")


def _next_skus(after: Pair) -> list[Pair]:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_SKUS, [*after, _SKUS_AT_ONCE])
        return cursor.fetchall()


def _products(pairs: Iterable[Pair]) -> dict[Pair, int]:
    by_tenant: dict[int, set[str]] = defaultdict(set)
    for tenant_id, sku in pairs:
        by_tenant[tenant_id].add(sku)
    return {
        (tenant_id, sku): product_id
        for tenant_id, skus in by_tenant.items()
        for sku, product_id in selectors.product_ids_by_sku(tenant_id, skus).items()
    }
