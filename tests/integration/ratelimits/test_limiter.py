"""Limits with a real Valkey behind them, and without one."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdr import connections
from sdr.ratelimits import limiter, settling
from sdr.ratelimits.lease import Bucket, Settlement
from sdr.ratelimits.limiter import Limiter, RateLimited
from sdr.ratelimits.settling import Settling

pytestmark = pytest.mark.usefixtures("redis_client")


def n_let_through(process: Limiter, n: int, rate: int = 50) -> int:
    let_through = 0
    for _ in range(n):
        try:
            process.take("key:1", rate)
        except RateLimited:
            continue
        let_through += 1
    return let_through


def test_processes_share_one_limit():
    processes = [Limiter(Settling()) for _ in range(3)]
    n = 0
    for _ in range(10):
        for process in processes:
            n += n_let_through(process, 50)
            process.step()
    # 50 at once, credits, and what a second or so brings; three limits of their own would let 150 through at once.
    assert 50 <= n <= 50 + 2 * 3 * 20 + 50


def test_a_caller_who_waits_is_let_through_again(redis_client):
    process = Limiter(Settling())
    while n_let_through(process, 200):
        process.step()
    redis_client.hset("sdr:rate:key:1", "tokens", "10")  # what a while would bring
    process.step()
    assert n_let_through(process, 1) == 1


def test_the_bucket_lasts_only_as_long_as_it_means_anything(redis_client):
    process = Limiter(Settling())
    n_let_through(process, 20)
    process.step()
    assert 0 < redis_client.pttl("sdr:rate:key:1") <= 3000


def test_without_redis_every_process_gives_out_the_whole_rate_and_counts_it(settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    process = Limiter(Settling())
    n = 0
    for _ in range(5):
        n += n_let_through(process, 30)
        process.step()
    assert 50 <= n <= 50 + 2 * 20 + 50
    from prometheus_client import REGISTRY

    assert REGISTRY.get_sample_value("sdr_rate_limit_settlements_total", {"with": "alone"}) >= 5


def test_only_so_many_callers_are_remembered(monkeypatch):
    monkeypatch.setattr(limiter, "MAX_CALLERS", 3)
    process = Limiter(Settling())
    for number in range(10):
        process.take(f"address:{number}", 20)
    assert list(process._leases) == ["address:7", "address:8", "address:9"]


def test_callers_without_a_limit_are_not_counted():
    assert limiter.take("key:1", 0) is None


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(-30, 60), st.integers(0, 30)), min_size=1, max_size=12))
def test_the_script_and_its_twin_in_python_agree(settlements):
    connections.redis_client().delete("sdr:rate:twin")
    twin = Bucket(rate=40.0, at=0.0, tokens=40.0)
    for debt, wanted in settlements:
        settlement = Settlement(float(debt), float(wanted))
        ((granted, left),) = settling._ask_redis([("twin", 40.0, settlement)])
        expected_granted, expected_left = twin.settle(settlement, 0.0)
        # Between two calls a little time passes for the one and none for the other.
        assert granted == pytest.approx(expected_granted, abs=4)
        assert left == pytest.approx(expected_left, abs=4)
        twin.tokens = left
