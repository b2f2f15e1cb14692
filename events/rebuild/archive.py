"""The archive's share of a rebuild: a tenant's interactions, and how far they reach."""

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import transaction
from django.db.models import F, Func, QuerySet, Value
from django.db.models.fields import IntegerField, TextField

from events.archive.history import FIELDS, split_log, to_record
from events.broker.base import BEGINNING
from events.models import ArchiveOffset, Interaction
from events.sinks.base import LogRecord
from sdr.accounts.models import Tenant

_CHUNK = 2000

Rows = QuerySet[Interaction, Any]
Reader = Callable[[Rows, Tenant], Iterator[list[LogRecord]]]


def reached() -> dict[str, int]:
    """Return how far each log is archived: whatever happened below is among the interactions, or never will be.

    Of a topic that was created anew, only the logs that it has now: nobody reads the older ones any more.
    """
    rows = ArchiveOffset.objects.filter(next__gt=BEGINNING).order_by("began_at").values_list("log", "next")
    newest = {split_log(log)[0]: split_log(log)[1] for log, _ in rows}
    return {log: offset for log, offset in rows if newest[split_log(log)[0]] == split_log(log)[1]}


def archived(tenant: Tenant, since: datetime | None) -> Rows:
    """Return the tenant's interactions since then, log by log in the order of offsets.

    Of a topic that was created anew the older logs come first, as their events did.
    """
    own = Interaction.objects.filter(tenant=tenant)
    if since is not None:
        own = own.filter(occurred_at__gte=since)
    met = list(ArchiveOffset.objects.order_by("began_at", "log").values_list("log", flat=True))
    incarnations = Value(list(dict.fromkeys(split_log(log)[1] for log in met)), ArrayField(TextField()))
    age = Func(incarnations, F("incarnation"), function="array_position", output_field=IntegerField())
    return own.order_by("topic", age, "incarnation", "partition", "offset").values_list(*FIELDS)


def read_archive(interactions: Rows, tenant: Tenant) -> Iterator[list[LogRecord]]:
    """Yield the interactions a few thousand at a time, as records; memory stays flat."""
    with transaction.atomic():  # one snapshot, and a cursor on the server
        yield from in_chunks(_records(interactions, tenant))


def read_by_time(interactions: Rows, tenant: Tenant) -> Iterator[list[LogRecord]]:
    """Do the same, all logs side by side by when they took what they have: a session's steps stand in several logs."""
    with transaction.atomic():
        logs = [split_log(log) for log in logs_of(interactions)]
        places = [{"topic": topic, "incarnation": name, "partition": number} for topic, name, number in logs]
        own = [_records(interactions.filter(**place).order_by("offset"), tenant) for place in places]
        yield from in_chunks(heapq.merge(*own, key=lambda entry: entry.record.timestamp_ms))


def _records(interactions: Rows, tenant: Tenant) -> Iterator[LogRecord]:
    return (to_record(row, tenant.slug) for row in interactions.iterator(chunk_size=_CHUNK))


def in_chunks(records: Iterator[LogRecord]) -> Iterator[list[LogRecord]]:
    while chunk := list(islice(records, _CHUNK)):
        yield chunk


def logs_of(interactions: Rows) -> list[str]:
    places = interactions.order_by().values_list("topic", "incarnation", "partition").distinct()
    return [f"{topic}@{incarnation}/{partition}" for topic, incarnation, partition in places]
