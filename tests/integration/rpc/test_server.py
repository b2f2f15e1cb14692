import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from django.db import connection
from google.protobuf.wrappers_pb2 import Int64Value
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from examples.client import OPTIONS
from sdr.rpc.ports import AddressTakenError
from sdr.rpc.server import RpcServer
from tests.eventually import eventually
from tests.integration.rpc import probe
from tests.integration.rpc.calls import bearer, call, count, future, n_measured, refusal, request_id
from tests.integration.rpc.probe import ProbeService

pytestmark = pytest.mark.django_db(transaction=True)
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


class TestAccess:
    def test_the_tenant_comes_from_the_key(self, channel, key):
        assert call(channel, "Tenant", key=key) == "north"

    def test_a_call_without_a_key_is_unauthenticated_where_keys_are_required(self, channel, settings):
        settings.API_KEYS_REQUIRED = True
        assert refusal(channel, "Tenant")[0] is grpc.StatusCode.UNAUTHENTICATED

    def test_an_unknown_key_is_unauthenticated(self, channel):
        assert refusal(channel, "Tenant", key="sdr_nobody")[0] is grpc.StatusCode.UNAUTHENTICATED

    def test_a_key_without_the_scope_is_refused_by_its_name(self, channel, key):
        code, details = refusal(channel, "Write", key=key)
        assert code is grpc.StatusCode.PERMISSION_DENIED
        assert "catalog:write" in details

    def test_a_method_for_which_no_scope_is_named_is_closed(self, channel, key):
        assert refusal(channel, "Forgotten", key=key)[0] is grpc.StatusCode.PERMISSION_DENIED


class TestErrors:
    @pytest.mark.parametrize(
        ("error", "code", "words"),
        [
            ("invalid", grpc.StatusCode.INVALID_ARGUMENT, "limit: must be 1 to 100"),
            ("missing", grpc.StatusCode.NOT_FOUND, "Not found."),
            ("unavailable", grpc.StatusCode.UNAVAILABLE, "Kafka does not answer."),
        ],
    )
    def test_an_exception_becomes_a_standard_status(self, channel, key, error, code, words):
        assert refusal(channel, "Fail", error, key) == (code, words)

    def test_an_unforeseen_exception_is_logged_here_and_told_to_nobody(self, channel, key, caplog):
        with caplog.at_level(logging.ERROR, logger="sdr.rpc.interceptors"):
            code, details = refusal(channel, "Fail", "unforeseen", key)
        assert code is grpc.StatusCode.INTERNAL
        assert "hunter2" not in details
        assert "grpc call failed" in caplog.text

    def test_an_abort_keeps_its_own_status(self, channel, key):
        assert refusal(channel, "Abort", key=key) == (grpc.StatusCode.ALREADY_EXISTS, "in its own words")

    def test_a_method_that_nobody_wrote_is_unimplemented(self, channel, key):
        assert refusal(channel, "Unwritten", key=key)[0] is grpc.StatusCode.UNIMPLEMENTED

    def test_a_method_that_nobody_named_is_unimplemented(self, channel, key):
        assert refusal(channel, "Nothing", key=key)[0] is grpc.StatusCode.UNIMPLEMENTED


class TestStreams:
    def test_a_stream_that_fails_gives_its_messages_and_then_the_status(self, channel, key):
        numbers = count(channel, 2, key)
        assert [next(numbers).value, next(numbers).value] == [0, 1]
        with pytest.raises(grpc.RpcError) as refused:
            next(numbers)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT

    def test_a_stream_is_guarded_too(self, channel):
        with pytest.raises(grpc.RpcError) as refused:
            next(count(channel, 2, "sdr_nobody"))
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED

    @pytest.mark.parametrize("timeout", [None, 0.3])
    def test_a_stream_whose_reader_has_left_or_whose_deadline_has_passed_makes_no_more(self, channel, key, timeout):
        stub = channel.unary_stream(f"/{probe.NAME}/Forever", Int64Value.SerializeToString, Int64Value.FromString)
        numbers = stub(Int64Value(), metadata=bearer(key), timeout=timeout)
        assert [next(numbers).value, next(numbers).value] == [0, 1]
        assert ProbeService.asked == []
        if timeout is None:
            numbers.cancel()
        assert eventually(lambda: ProbeService.asked == ["Forever has ended"])

    def test_a_stream_of_requests_is_read_to_its_end(self, channel, key):
        stub = channel.stream_unary(f"/{probe.NAME}/Sum", Int64Value.SerializeToString, Int64Value.FromString)
        assert stub(iter([Int64Value(value=n) for n in (1, 2, 3)]), metadata=bearer(key), timeout=10).value == 6


class TestHealth:
    def test_a_server_serves_once_it_has_an_index_and_says_so_without_a_key(self, channel, settings, state):
        settings.API_KEYS_REQUIRED = True
        assert eventually(lambda: health(channel, "") == SERVING)
        state["index"] = "There is no index."
        assert eventually(lambda: health(channel, "") == NOT_SERVING)

    def test_a_service_serves_while_it_has_what_it_needs_whatever_others_lack(self, channel, state):
        state.update(index="There is no index.", gyroscope="It has stopped.")
        assert eventually(lambda: health(channel, probe.NAME) == NOT_SERVING)
        state["gyroscope"] = None
        assert eventually(lambda: health(channel, probe.NAME) == SERVING)
        assert health(channel, "") == NOT_SERVING

    def test_a_server_that_leaves_says_so_while_it_still_answers(self, server, channel, key):
        assert eventually(lambda: health(channel, "") == SERVING)
        server.leave()
        assert {health(channel, name) for name in ("", probe.NAME)} == {NOT_SERVING}
        assert call(channel, "Tenant", key=key) == "north"

    def test_watchers_do_not_use_up_the_threads(self, channel, key):
        stub = health_pb2_grpc.HealthStub(channel)
        watches = [stub.Watch(health_pb2.HealthCheckRequest()) for _ in range(5)]
        assert {next(watch).status for watch in watches} <= {SERVING, NOT_SERVING}
        assert call(channel, "Tenant", key=key) == "north"
        for watch in watches:
            watch.cancel()


class TestMetrics:
    def test_a_call_is_counted_by_method_and_status(self, channel, key):
        before = n_measured("Fail", "INVALID_ARGUMENT"), n_measured("Tenant", "OK")
        refusal(channel, "Fail", "invalid", key)
        call(channel, "Tenant", key=key)
        assert (n_measured("Fail", "INVALID_ARGUMENT"), n_measured("Tenant", "OK")) == (before[0] + 1, before[1] + 1)


def test_reflection_lists_the_services(channel):
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    (answer,) = stub.ServerReflectionInfo(iter([request]), timeout=10)
    names = {service.name for service in answer.list_services_response.service}
    assert names == {probe.NAME, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}


class TestRequestIds:
    def test_a_call_is_given_an_id_and_told_it(self, channel, key):
        assert len(request_id(channel, bearer(key))) == 32

    def test_a_callers_own_id_is_told_back(self, channel, key):
        assert request_id(channel, [*bearer(key), ("x-request-id", "checkout-7")]) == "checkout-7"

    def test_an_id_that_does_not_belong_in_a_log_is_replaced(self, channel, key):
        assert len(request_id(channel, [*bearer(key), ("x-request-id", "two words")])) == 32

    def test_a_refused_call_is_told_its_id_too(self, channel):
        assert request_id(channel, [("authorization", "Bearer sdr_nobody"), ("x-request-id", "a-1")]) == "a-1"


class TestStreamsAndThreads:
    def test_streams_leave_threads_for_single_calls(self, channel, key):
        endless = [channel.stream_unary(f"/{probe.NAME}/Sum", Int64Value.SerializeToString, Int64Value.FromString)
                   .future(iter(threading.Event().wait, True), metadata=bearer(key)) for _ in range(4)]  # fmt: skip
        refused = eventually(lambda: [stream for stream in endless if stream.done()])
        assert {stream.code() for stream in refused} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
        assert call(channel, "Tenant", key=key) == "north"
        for stream in endless:
            stream.cancel()


def test_a_call_whose_caller_has_left_before_it_began_does_no_work(one_thread, key):
    blocker = future(one_thread, "Wait", key)
    assert ProbeService.waiting.wait(10)
    late = future(one_thread, "Tenant", key, timeout=0.1)
    assert late.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    ProbeService.may_answer.set()
    assert blocker.result(10).value == "late, but here"
    call(one_thread, "Again", key=key)
    assert ProbeService.asked == ["Again"]


@pytest.mark.usefixtures("_probe")
def test_a_call_that_hangs_does_not_keep_a_server_from_stopping(key, monkeypatch):
    monkeypatch.setattr("sdr.rpc.server.CLEAN_UP_SECONDS", 0.1)
    server = RpcServer("127.0.0.1:0", max_workers=1)
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        hanging = future(channel, "Wait", key)
        assert ProbeService.waiting.wait(10)
        assert server.stop(grace_seconds=0.1) is False
        assert hanging.code() is not grpc.StatusCode.OK
    ProbeService.may_answer.set()


@pytest.mark.usefixtures("_probe")
def test_restarts_under_load_fail_no_call_of_a_client_that_follows_the_documents(key):
    server = RpcServer("127.0.0.1:0", max_workers=4)
    server.start()
    is_over, answered = threading.Event(), []

    def load():
        options = [*OPTIONS, ("grpc.use_local_subchannel_pool", 1)]
        with grpc.insecure_channel(f"127.0.0.1:{server.port}", options) as channel:
            while not is_over.is_set():
                answered.append([call(channel, method, key=key) for method in ("Tenant", "Again")])

    with ThreadPoolExecutor(4) as threads:
        loads = [threads.submit(load) for _ in range(4)]
        for _ in range(4):
            wanted = len(answered) + 100
            eventually(lambda wanted=wanted: any(load.done() for load in loads) or len(answered) > wanted)
            port = server.port
            assert server.stop(grace_seconds=10)
            server = RpcServer(f"127.0.0.1:{port}", max_workers=4)
            server.start()
        is_over.set()
        for ended in loads:
            ended.result(20)
    server.stop(grace_seconds=10)


def test_a_second_server_on_the_port_fails_at_once(server):
    with pytest.raises(AddressTakenError, match=str(server.port)):
        RpcServer(f"127.0.0.1:{server.port}", max_workers=1)


@pytest.mark.usefixtures("_probe")
def test_a_call_under_way_is_answered_while_the_server_stops(key):
    server = RpcServer("127.0.0.1:0", max_workers=3)
    server.start()
    with ThreadPoolExecutor(2) as threads, grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        answer = threads.submit(call, channel, "Wait", key=key)
        assert ProbeService.waiting.wait(10)
        stopped = threads.submit(server.stop, 10)
        ProbeService.may_answer.set()
        assert answer.result(10) == "late, but here"
        stopped.result(10)
        assert refusal(channel, "Tenant", key=key)[0] is grpc.StatusCode.UNAVAILABLE


@pytest.mark.usefixtures("_probe")
def test_a_stopped_server_leaves_no_database_connection(key):
    server = RpcServer("127.0.0.1:0", max_workers=2)
    server.start()
    before = n_sessions()
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        call(channel, "Tenant", key=key)
    assert n_sessions() > before
    server.stop(grace_seconds=10)
    assert eventually(lambda: n_sessions() == before)


def n_sessions():
    """Return how many connections the tests' database has, ours included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]


def health(channel, service):
    stub = health_pb2_grpc.HealthStub(channel)
    return stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10).status
