"""What was shown: the denominator of every click-through rate."""

import zlib
from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.conf import settings

from events.broker import offhand
from events.kinds import RECOMMENDATIONS_SERVED
from sdr import clock

SCHEMA_VERSION = 1
_encoder = msgspec.json.Encoder()


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, its three lists side by side. ``positions`` are what an event's ``position`` is: 0 for the first.

    ``sample_rate``: which share of all answers is told of; divide by it to count them.
    """

    schema_version: int
    recommendation_id: str
    tenant: str
    product_ids: Sequence[int]
    positions: Sequence[int]
    reason_codes: Sequence[str]
    index_version: str
    served_at: datetime
    sample_rate: float


def publish(
    *, recommendation_id: str, tenant: str, product_ids: Sequence[int], reason_codes: Sequence[str], index_version: str
) -> None:
    """Tell Kafka what an answer showed, in the order it showed it. Never waits and never raises."""
    rate = settings.SERVED_SAMPLE_RATE
    if not is_sampled(recommendation_id, rate):
        return
    served_at = clock.now()

    def message() -> bytes:
        served = Served(
            schema_version=SCHEMA_VERSION,
            recommendation_id=recommendation_id,
            tenant=tenant,
            product_ids=product_ids,
            positions=list(range(len(product_ids))),
            reason_codes=reason_codes,
            index_version=index_version,
            served_at=served_at,
            sample_rate=rate,
        )
        return _encoder.encode(served)

    offhand.send(RECOMMENDATIONS_SERVED, recommendation_id, message)


def is_sampled(recommendation_id: str, rate: float) -> bool:
    """Return whether this answer is among those told of, which its id decides: so its clicks can be sampled alike."""
    return zlib.crc32(recommendation_id.encode()) < rate * 2**32
