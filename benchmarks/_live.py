"""What the benches of the live state share: Apache Kafka, and H&M's skew of clicks."""

import csv
import gzip
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import Skipped

if TYPE_CHECKING:
    from events.kinds import Kind


@contextmanager
def apache_kafka() -> Iterator[None]:
    """Point the settings at an Apache Kafka of this bench's own."""
    from django.test import override_settings

    from sdr.embedded.apache.cluster import running
    from sdr.embedded.apache.libraries import NoApacheKafka

    try:
        with (
            tempfile.TemporaryDirectory(prefix="sdr-bench-kafka-") as directory,
            running(Path(directory)) as cluster,
            override_settings(KAFKA_BOOTSTRAP_SERVERS=cluster.bootstrap_servers, KAFKA_INCARNATION=None),
        ):
            yield
    except NoApacheKafka as error:
        raise Skipped(str(error)) from error


def hm_purchases(data_dir: Path, n: int) -> Iterator[tuple[str, str]]:
    """Yield ``n`` pairs of SKU and user as they bought at H&M, over and over."""
    n_left = n
    while n_left > 0:
        with gzip.open(data_dir / "interactions" / "hm.csv.gz", "rt") as rows:
            for row in islice(csv.DictReader(rows), n_left):
                n_left -= 1
                yield row["sku"], row["user_id"]


def hm_clicks(data_dir: Path, n: int) -> Iterator[tuple[str, bytes]]:
    """Yield ``n`` clicks as keys and messages, as skewed as H&M's purchases."""
    for sku, user_id in hm_purchases(data_dir, n):
        yield user_id, click(int(sku), user_id)


def click(product_id: int, user_id: str) -> bytes:
    from events.kinds import Kind

    return _message(product_id, Kind.CLICK, datetime.now(UTC), user_id=user_id)


def step(product_id: int, session_id: str, at: datetime, *, is_purchase: bool = False) -> bytes:
    """Return a click, or a purchase, of a session at some time."""
    from events.kinds import Kind

    return _message(product_id, Kind.PURCHASE if is_purchase else Kind.CLICK, at, session_id=session_id)


def _message(product_id: int, kind: "Kind", at: datetime, **names: str) -> bytes:
    from events import codec
    from events.messages import SCHEMA_VERSION, Event

    event = Event(
        schema_version=SCHEMA_VERSION,
        event_id=uuid.uuid4(),
        tenant="default",
        kind=kind,
        product_id=product_id,
        occurred_at=at,
        received_at=at,
        **names,
    )
    return codec.encode(event)
