"""Events, records and batches for tests."""

import uuid
from datetime import UTC, datetime

from events import codec
from events.broker.base import Partition, Record
from events.kinds import PRODUCT_CLICKS, Kind
from events.live.base import Batch, LiveEvent, Step
from events.messages import SCHEMA_VERSION, Event

START = 1_795_000_000.0  # 2026-11-18, on no bucket's edge
LOG = "product_clicks@first/0"


def make_event(
    product_id=1,
    *,
    tenant="default",
    kind=Kind.CLICK,
    at=START,
    event_id=None,
    received_at=None,
    session_id="s-1",
    **fields,
):
    return Event(
        schema_version=SCHEMA_VERSION,
        event_id=event_id or uuid.uuid4(),
        tenant=tenant,
        kind=kind,
        product_id=product_id,
        session_id=session_id,
        occurred_at=datetime.fromtimestamp(at, UTC),
        received_at=datetime.fromtimestamp(received_at or at, UTC),
        **fields,
    )


def make_record(event, offset=0, *, partition=0, at=START):
    return Record(Partition(PRODUCT_CLICKS, partition), offset, int(at * 1000), codec.encode(event))


def make_live_event(product_id=1, offset=0, *, log=LOG, event_id=None, weight=1.0, at=START, is_click=True, **fields):
    return LiveEvent(log, offset, event_id or uuid.uuid4().bytes, product_id, weight, at, is_click, **fields)


def make_batch(events, *, tenant="default", expect=-1, next_offset=None, bucket=100, as_of=START, log=LOG):
    """Events of one log, which it brings to the offset after the last of them."""
    reached = next_offset if next_offset is not None else max(event.offset for event in events) + 1
    return Batch(tenant, [Step(log, expect, reached, bucket)], as_of, list(events))
