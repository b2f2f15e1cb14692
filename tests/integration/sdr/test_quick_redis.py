"""Scripts within a budget, where there is no connection."""

import pytest
import redis
from django.conf import settings

from sdr.quick_redis import QuickRedis, Script

NINE = Script("return 9")
PATIENT = 20.0


def nine(connections: QuickRedis) -> int:
    return connections.run(NINE, [], [], timeout_seconds=PATIENT)


def test_who_is_refused_does_not_wait_until_the_time_is_over():
    with pytest.raises(redis.ConnectionError, match="refused"):
        nine(QuickRedis("redis://127.0.0.1:1/0"))


def test_nobody_is_told_what_refused_somebody_else_before():
    connections = QuickRedis(settings.REDIS_URL)
    connections._idle.put(redis.ConnectionError("when nobody waited any more"))
    assert nine(connections) == 9
