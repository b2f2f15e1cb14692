"""The archive read back: interactions as the records that they once were."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from events import codec
from events.archive import offsets
from events.archive.errors import one_transaction
from events.broker.base import Partition, Record
from events.kinds import Kind
from events.messages import SCHEMA_VERSION, Event
from events.models import ArchiveGap, Interaction
from events.sinks.base import LogRecord

Span = tuple[int, int]

# So many offsets are asked for at once.
_AT_ONCE = 5000
# What `to_record` takes, in this order.
FIELDS = (
    "event_id", "kind", "product_id", "sku", "user__external_id", "session_id", "value", "occurred_at", "received_at",
    "topic", "incarnation", "partition", "offset",
)  # fmt: skip


class ArchiveHistory:
    """See :class:`events.sinks.gaps.History`."""

    def spans(self, log: str, first: int, end: int) -> list[Span]:
        with one_transaction():
            reached = offsets.stored([log])[log]
            gaps = ArchiveGap.objects.filter(log=log, first__lt=end, next__gt=first).order_by("first")
            return without(first, min(end, reached), list(gaps.values_list("first", "next")))

    def read(self, log: str, span: Span, tenants: Mapping[str, int]) -> Iterator[list[LogRecord]]:
        slugs = {tenant_id: slug for slug, tenant_id in tenants.items()}
        topic, incarnation, partition = split_log(log)
        own = Interaction.objects.filter(
            topic=topic, incarnation=incarnation, partition=partition, tenant_id__in=list(slugs)
        )
        for first in range(span[0], span[1], _AT_ONCE):
            part = own.filter(offset__gte=first, offset__lt=min(first + _AT_ONCE, span[1])).order_by("offset")
            with one_transaction():
                rows = list(part.values_list("tenant_id", *FIELDS))
            yield [to_record(row, slugs[tenant_id]) for tenant_id, *row in rows]


def without(first: int, end: int, gaps: list[Span]) -> list[Span]:
    """Return what is left of the offsets from ``first`` up to ``end`` without ``gaps``, which come in order."""
    spans = []
    for gap_first, gap_next in gaps:
        if first < min(gap_first, end):
            spans.append((first, min(gap_first, end)))
        first = max(first, gap_next)
    return [*spans, (first, end)] if first < end else spans


def split_log(log: str) -> tuple[str, str, int]:
    """Return topic, incarnation and partition of ``topic@incarnation/partition``."""
    topic, _, rest = log.partition("@")
    incarnation, _, number = rest.rpartition("/")
    return topic, incarnation, int(number)


def to_record(row: Sequence[Any], tenant: str) -> LogRecord:
    """Return the record that a row of ``FIELDS`` once was."""
    topic, incarnation, partition, offset = row[-4:]
    event = to_event(row, tenant, product_id=row[FIELDS.index("product_id")])
    # When the log took it is not archived; it arrived a moment earlier.
    arrived_ms = int(event.received_at.timestamp() * 1000)
    record = Record(Partition(topic, partition), offset, arrived_ms, codec.encode(event))
    return LogRecord(f"{topic}@{incarnation}/{partition}", record)


def to_event(row: Sequence[Any], tenant: str, *, product_id: int | None) -> Event:
    """Return the event of a row of ``FIELDS``, as far as the live state needs it."""
    event_id, kind, _, sku, user_id, session_id, value, occurred_at, received_at, *_ = row
    return Event(
        schema_version=SCHEMA_VERSION,
        event_id=event_id,
        tenant=tenant,
        kind=Kind(kind),
        product_id=product_id,
        sku=sku if product_id is None else None,
        user_id=user_id,
        session_id=session_id,
        value=value,
        occurred_at=occurred_at,
        received_at=received_at,
        is_anonymous=user_id is None and session_id is None,
    )
