"""Calls that hardly ever wait: who answers them, and what becomes of those that wait after all."""

import gc

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue

from sdr.accounts import keys
from sdr.ratelimits import limiter
from sdr.rpc.lane import _Call
from tests.eventually import eventually
from tests.integration.rpc import probe
from tests.integration.rpc.calls import bearer, call, future, n_measured, refusal, request_id
from tests.integration.rpc.probe import ProbeService

pytestmark = pytest.mark.django_db(transaction=True)
LANE = "grpc-lane"


@pytest.fixture(autouse=True)
def _as_in_a_process_that_runs(monkeypatch):
    """Known keys are not asked for, so that a call with one need not wait."""
    monkeypatch.setattr(keys, "REFRESH_SECONDS", 0.05)


@pytest.fixture
def known(channel, key):
    """A key that the process has met."""
    call(channel, "Tenant", key=key)
    return key


def test_a_light_call_is_answered_where_it_arrives(channel, known):
    assert LANE not in call(channel, "Again", key=known)


def test_another_is_answered_by_the_lane(channel, known):
    assert call(channel, "Again", "heavy", known).startswith(LANE)


@pytest.fixture
def taken(monkeypatch):
    """What was counted against limits."""
    take, taken = limiter.take, []
    monkeypatch.setattr(limiter, "take", lambda *limit: taken.append(limit) or take(*limit))
    return taken


def test_a_light_call_that_has_to_wait_is_answered_by_the_lane_and_counts_once(channel, known, taken):
    ProbeService.may_answer.set()
    before = n_measured("Ask", "OK")
    assert call(channel, "Ask", key=known).startswith(LANE)
    assert (n_measured("Ask", "OK"), len(taken)) == (before + 1, 1)


def test_a_call_with_an_unknown_key_counts_once(channel, known, taken):
    refusal(channel, "Again", key="sdr_nobody")
    assert len(taken) == 1


def test_who_waits_does_not_keep_others_waiting(channel, known):
    waiting = [future(channel, "Ask", known) for _ in range(5)]
    assert ProbeService.waiting.wait(10)
    assert LANE not in call(channel, "Again", key=known)
    assert not any(one.done() for one in waiting)
    ProbeService.may_answer.set()
    assert {one.result(10).value[: len(LANE)] for one in waiting} == {LANE}


def test_a_key_that_nobody_here_has_seen_is_looked_up_by_the_lane(channel, key):
    assert call(channel, "Again", key=key).startswith(LANE)
    assert eventually(lambda: LANE not in call(channel, "Again", key=key))


def test_a_light_call_is_guarded_and_has_its_id(channel, known):
    assert refusal(channel, "Again", key="sdr_nobody")[0] is grpc.StatusCode.UNAUTHENTICATED
    assert request_id(channel, [*bearer(known), ("x-request-id", "a-7")], "Again") == "a-7"


def test_a_call_without_a_request_is_refused(channel, known):
    stub = channel.stream_unary(f"/{probe.NAME}/Again", StringValue.SerializeToString, StringValue.FromString)
    with pytest.raises(grpc.RpcError) as refused:
        stub(iter([]), metadata=bearer(known), timeout=10)
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_request_that_nobody_can_read_is_refused(channel, known):
    stub = channel.unary_unary(f"/{probe.NAME}/Again")
    with pytest.raises(grpc.RpcError) as refused:
        stub(b"\xff", metadata=bearer(known), timeout=10)
    assert refused.value.code() is grpc.StatusCode.INTERNAL


def test_a_method_that_would_end_its_thread_leaves_the_server_well(channel, known):
    assert refusal(channel, "Break", key=known)[0] is grpc.StatusCode.INTERNAL
    assert LANE not in call(channel, "Again", key=known)


def test_a_call_leaves_nothing_to_the_collector_of_cycles(channel, known):
    gc.collect()
    gc.disable()
    try:
        for request in ("", "heavy"):
            call(channel, "Again", request, known)
        assert eventually(lambda: not [one for one in gc.get_objects() if type(one) is _Call])
    finally:
        gc.enable()


class TestOneThread:
    def test_a_call_whose_caller_has_left_before_it_began_does_no_work(self, one_thread, key):
        blocker = future(one_thread, "Ask", key)
        assert ProbeService.waiting.wait(10)
        late = future(one_thread, "Again", key, timeout=0.1, request="heavy")
        assert late.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert call(one_thread, "Tenant", key=key) == "north"  # behind the news that the caller has left
        ProbeService.may_answer.set()
        assert blocker.result(10).value.startswith(LANE)
        assert call(one_thread, "Again", "heavy", key).startswith(LANE)
        assert ProbeService.asked == ["Tenant", "Ask", "Again"]

    def test_calls_that_only_compute_do_not_wait_for_those_that_wait(self, one_thread, key):
        blocker = future(one_thread, "Wait", key)
        assert ProbeService.waiting.wait(10)
        assert call(one_thread, "Again", "heavy", key).startswith(LANE)
        assert not blocker.done()
        ProbeService.may_answer.set()
        assert blocker.result(10).value == "late, but here"
