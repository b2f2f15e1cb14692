"""The archive's share of a rebuild: interactions as the records that they once were."""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from events import codec
from events.broker.base import Partition, Record
from events.kinds import Kind
from events.messages import SCHEMA_VERSION, Event
from events.models import Interaction
from events.sinks.base import LogRecord
from sdr.accounts.models import Tenant

_CHUNK = 2000


def archived(tenant: Tenant, since: datetime | None) -> QuerySet[Interaction]:
    """Return the tenant's interactions since then, log by log in the order of offsets."""
    own = Interaction.objects.filter(tenant=tenant).select_related("user")
    if since is not None:
        own = own.filter(occurred_at__gte=since)
    return own.order_by("topic", "incarnation", "partition", "offset")


def read_archive(interactions: QuerySet[Interaction], tenant: Tenant) -> Iterator[list[LogRecord]]:
    """Yield the interactions a few thousand at a time, as records; memory stays flat."""
    with transaction.atomic():  # one snapshot, and a cursor on the server
        chunk: list[LogRecord] = []
        for interaction in interactions.iterator(chunk_size=_CHUNK):
            chunk.append(_record(interaction, tenant))
            if len(chunk) == _CHUNK:
                yield chunk
                chunk = []
        if chunk:
            yield chunk


def logs_of(interactions: QuerySet[Interaction]) -> list[str]:
    places = interactions.order_by().values_list("topic", "incarnation", "partition").distinct()
    return [_log(*place) for place in places]


def _log(topic: str, incarnation: str, partition: int) -> str:
    return f"{topic}@{incarnation}/{partition}"


def _record(interaction: Interaction, tenant: Tenant) -> LogRecord:
    i = interaction
    event = Event(
        schema_version=SCHEMA_VERSION,
        event_id=i.event_id,
        tenant=tenant.slug,
        kind=Kind(i.kind),
        product_id=i.product_id,
        sku=i.sku if i.product_id is None else None,
        user_id=i.user.external_id if i.user else None,
        session_id=i.session_id,
        value=i.value,
        occurred_at=i.occurred_at,
        received_at=i.received_at,
    )
    # When the log took it is not archived; it arrived a moment earlier.
    arrived_ms = int(i.received_at.timestamp() * 1000)
    record = Record(Partition(i.topic, i.partition), i.offset, arrived_ms, codec.encode(event))
    return LogRecord(_log(i.topic, i.incarnation, i.partition), record)
