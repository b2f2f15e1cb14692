"""What runstack does before and around its processes."""

import os
import socket
import stat
from concurrent import futures

import grpc
import pytest
from django.contrib.auth import authenticate
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from sdr.accounts.models import User
from sdr.embedded import sockets
from sdr.heartbeat import Heartbeat
from sdr.stack import gate, ports, preparation
from sdr.stack.errors import StackError


@pytest.fixture(autouse=True)
def _var_dir(settings, tmp_path):
    settings.VAR_DIR = tmp_path


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_is_named_with_its_process_and_the_way_out(listener):
    with pytest.raises(StackError, match=rf"Port {listener} is taken by pid {os.getpid()} .* PORT={listener + 1}"):
        ports.refuse_taken({"PORT": listener})


def test_free_ports_pass():
    ports.refuse_taken({"PORT": sockets.free_port()})


@pytest.mark.django_db
def test_the_staff_user_can_sign_in_with_the_password_of_the_file():
    preparation.make_staff_user()
    path = preparation.password_file()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    user = authenticate(username="admin", password=path.read_text().strip())
    assert user.is_superuser


@pytest.mark.django_db
def test_a_password_that_is_there_is_kept():
    preparation.password_file().write_text("chosen-before\n")
    preparation.make_staff_user()
    preparation.make_staff_user()
    assert preparation.password_file().read_text() == "chosen-before\n"
    assert User.objects.get(username="admin").check_password("chosen-before")


def test_the_gate_names_what_it_waited_for(settings):
    settings.GRPC_PORT = sockets.free_port()
    with pytest.raises(
        StackError, match=r"the consumer holds no partitions .* and gRPC does not serve on 127\.0\.0\.1:"
    ):
        gate.wait_for(["consumer", "grpc"], timeout_seconds=0)


def test_the_gate_opens_when_the_consumer_beats():
    Heartbeat("consumer").beat("4 partitions")
    assert gate.consumer_holds_partitions(since=0)


def test_the_gate_opens_when_grpc_serves(settings):
    server = grpc.server(futures.ThreadPoolExecutor(2))
    servicer = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    settings.GRPC_PORT = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        gate.wait_for(["grpc"], timeout_seconds=5)
        servicer.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
        assert not gate.grpc_serves(0)
    finally:
        server.stop(0).wait()
