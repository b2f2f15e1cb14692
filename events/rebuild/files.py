"""A log file's share of a rebuild: what happened before SDR was there."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from catalog.importing.source import Source
from events import codec
from events.broker.base import Partition, Record
from events.messages import SCHEMA_VERSION, Event
from events.rebuild.archive import in_chunks
from events.simulation.replay import Row, read_rows
from events.sinks.base import LogRecord
from sdr.accounts.models import Tenant

# What the file is called among logs.
LOG = "file@backfill/0"
_PLACE = Partition("file", 0)


def read_file(source: Source, tenant: Tenant, on_problem: Callable[[str], None]) -> Iterator[list[LogRecord]]:
    """Yield the good rows as records, some at a time, and report each bad one; raises BadFile."""
    return in_chunks(_record(row, tenant) for row in read_rows(source, on_problem))


def _record(row: Row, tenant: Tenant) -> LogRecord:
    at = datetime.fromtimestamp(row.at_seconds, UTC)
    event = Event(
        schema_version=SCHEMA_VERSION,
        event_id=uuid.UUID(int=row.line),
        tenant=tenant.slug,
        kind=row.action.kind,
        sku=row.action.sku,
        user_id=row.action.user_id,
        session_id=row.action.session_id,
        value=row.action.value,
        occurred_at=at,
        received_at=at,
    )
    return LogRecord(LOG, Record(_PLACE, row.line, int(row.at_seconds * 1000), codec.encode(event)))
