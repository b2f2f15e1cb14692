import os
import signal
import subprocess
import sys

import grpc
import pytest
from django.conf import settings
from grpc_health.v1 import health_pb2, health_pb2_grpc

SERVES = "gRPC serves on "


def start(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "manage.py", "grpcrunserver", *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture
def server():
    with start("127.0.0.1:0") as process:
        yield process
        process.kill()


def address_of(process):
    for line in process.stdout:
        if line.startswith(SERVES):
            return line.removeprefix(SERVES).strip()
    raise AssertionError(f"the server ended with {process.wait()} before it served")


def health(address):
    with grpc.insecure_channel(address) as channel:
        return health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10).status


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_stop_ends_well(server, signum):
    assert health(address_of(server)) == health_pb2.HealthCheckResponse.SERVING
    server.send_signal(signum)
    output, _ = server.communicate(timeout=30)
    assert (server.returncode, "Traceback" in output) == (0, False)


def test_a_second_server_on_the_port_says_why_it_cannot_serve(server):
    address = address_of(server)
    with start(address) as second:
        output, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert f"gRPC cannot listen on {address}" in output
    assert "Traceback" not in output


def test_without_debug_and_a_secret_key_nothing_is_served():
    with start("127.0.0.1:0", DEBUG="0", SECRET_KEY="") as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "SECRET_KEY" in output
    assert SERVES not in output


def test_under_the_reloader_a_server_serves_too():
    with start("127.0.0.1:0", "--dev") as process:
        try:
            assert health(address_of(process)) == health_pb2.HealthCheckResponse.SERVING
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
