"""A server that leaves, and the one that replaces it on the same port: no call fails, whatever its caller does."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import grpc
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from sdr.rpc import handover
from tests.eventually import eventually
from tests.integration.rpc.test_grpcrunserver import address_of, start, stop_family

N_CALLERS = 4


class Load:
    """Callers with channels as gRPC makes them: no retry policy, no waiting for a server; the first error ends them."""

    def __init__(self, address):
        self._address, self._is_over, self.n_answered = address, threading.Event(), 0

    def call_again_and_again(self):
        options = [("grpc.use_local_subchannel_pool", 1)]
        with grpc.insecure_channel(self._address, options) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            while not self._is_over.is_set():
                stub.Check(health_pb2.HealthCheckRequest(), timeout=10)
                self.n_answered += 1

    def goes_on(self):
        wanted = self.n_answered + 200
        return eventually(lambda: self.n_answered >= wanted)

    def end(self):
        self._is_over.set()


@pytest.mark.parametrize("n_processes", ["1", "2"])
def test_a_newer_server_takes_over_under_load_and_no_call_fails(n_processes):
    words = ("--handover", "1", "--processes", n_processes)
    with ExitStack() as stack:
        old = stack.enter_context(start("127.0.0.1:0", *words))
        stack.callback(stop_family, old)
        address = address_of(old)
        load, threads = Load(address), stack.enter_context(ThreadPoolExecutor(N_CALLERS))
        stack.callback(load.end)
        callers = [threads.submit(load.call_again_and_again) for _ in range(N_CALLERS)]
        new = stack.enter_context(start(address, *words))
        stack.callback(stop_family, new)
        assert address_of(new) == address
        assert load.goes_on()
        old.terminate()
        said, _ = old.communicate(timeout=30)
        assert old.returncode == 0, said
        assert load.goes_on()
        load.end()
        assert [caller.exception(10) for caller in callers] == [None] * N_CALLERS


@pytest.fixture
def shared():
    """Two sockets that listen on one port, the older first."""
    older, newer = listening(0), None
    try:
        newer = listening(older.getsockname()[1])
        yield older, newer
    finally:
        older.close()
        if newer:
            newer.close()


def listening(port):
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    found.bind(("127.0.0.1", port))
    found.listen()
    found.setblocking(False)
    return found


def n_taken(listener):
    """Accept what waits and return how many that were."""
    n = 0
    with suppress(BlockingIOError):
        while True:
            listener.accept()[0].close()
            n += 1
    return n


def connect(listener, n):
    return [socket.create_connection(listener.getsockname()) for _ in range(n)]


def test_new_connections_go_to_the_newer_server(shared):
    older, newer = shared
    handover.give_away(older.getsockname()[1], n_ours=1)
    for connection in connect(older, 40):
        connection.close()
    assert (n_taken(older), n_taken(newer)) == (0, 40)


def test_without_a_newer_server_connections_are_taken_as_ever(shared):
    older, newer = shared
    newer.close()
    handover.give_away(older.getsockname()[1], n_ours=1)
    for connection in connect(older, 3):
        connection.close()
    assert n_taken(older) == 3


def test_nobody_waits_for_callers_who_are_gone(shared):
    handover.wait_until_left(shared[0].getsockname()[1], age_seconds=600, ends_early=True)


def test_counting_connections_leaves_no_descriptor_behind(shared):
    port = shared[0].getsockname()[1]
    n_before = psutil.Process().num_fds()
    for _ in range(5):
        handover.n_connections(port)
    assert psutil.Process().num_fds() == n_before


def test_connections_are_counted_until_they_end(shared):
    older, newer = shared
    newer.close()
    port = older.getsockname()[1]
    (connection,) = connect(older, 1)
    ours, _ = older.accept()
    assert handover.n_connections(port) == 1
    connection.close()
    ours.close()
    assert handover.n_connections(port) == 0
