import os
import signal
import subprocess
import sys
import urllib.request

import grpc
import psutil
import pytest
from django.conf import settings
from grpc_health.v1 import health_pb2, health_pb2_grpc
from prometheus_client.parser import text_string_to_metric_families

from sdr.embedded.sockets import free_port
from tests.eventually import eventually

TRENDS = "/sdr.recommendations.v1.RecommendationService/GetTrendingProducts"
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


@pytest.fixture
def family():
    """Two processes behind one port, and their parent."""
    with start("127.0.0.1:0", "--processes", "2") as process:
        yield process
        stop_family(process)


def stop_family(process):
    for child in psutil.Process(process.pid).children() if process.poll() is None else []:
        child.kill()
    process.kill()


def address_of(process):
    for line in process.stdout:
        if line.startswith(SERVES):
            return line.removeprefix(SERVES).strip()
    raise AssertionError(f"the server ended with {process.wait()} before it served")


def answers(address):
    """Return whether somebody answers there; what health says of an empty shop is another matter."""
    options = [("grpc.use_local_subchannel_pool", 1)]  # a connection of its own
    with grpc.insecure_channel(address, options) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        return stub.Check(health_pb2.HealthCheckRequest(), timeout=10, wait_for_ready=True).status > 0


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_stop_ends_well(server, signum):
    assert answers(address_of(server))
    server.send_signal(signum)
    output, _ = server.communicate(timeout=30)
    assert (server.returncode, "Traceback" in output) == (0, False)


def test_nobody_else_can_take_half_of_the_calls(server):
    address = address_of(server)
    with start(address) as alone, start(address, "--processes", "2") as two:
        said = [process.communicate(timeout=60)[0] for process in (alone, two)]
        assert (alone.returncode, two.returncode) == (1, 1)
    for output in said:
        assert f"gRPC cannot listen on {address}" in output
        assert "Traceback" not in output


def test_processes_share_a_port_are_replaced_and_stop_together(family):
    address = address_of(family)
    parent = psutil.Process(family.pid)
    first = parent.children()
    assert len(first) == 2
    assert answers(address)
    # Older than a process that would only die again.
    eventually(lambda: all(psutil.time.time() - child.create_time() > 6 for child in first))
    first[0].kill()
    replaced = eventually(lambda: len(parent.children()) == 2 and first[0] not in parent.children())
    assert replaced
    assert eventually(lambda: answers(address))
    family.terminate()
    output, _ = family.communicate(timeout=30)
    assert (family.returncode, "Traceback" in output) == (0, False)


def test_metrics_have_a_port_of_their_own_and_add_up_what_all_processes_counted(tmp_path):
    port = free_port()
    words = ("127.0.0.1:0", "--processes", "2", "--metrics-port", str(port))
    with start(*words, PROMETHEUS_MULTIPROC_DIR=str(tmp_path)) as process:
        try:
            address = address_of(process)
            for _ in range(10):  # each on a connection of its own: some to either process
                ask_for_trends(address)
            assert {n_measured(port) for _ in range(5)} == {10}
        finally:
            stop_family(process)


def test_processes_that_could_not_add_up_their_metrics_are_refused():
    with start("127.0.0.1:0", "--processes", "2", "--metrics-port", "9102", PROMETHEUS_MULTIPROC_DIR="") as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "PROMETHEUS_MULTIPROC_DIR" in output


def ask_for_trends(address):
    """Ask on a connection of its own; an empty shop has no answer, and counts the call all the same."""
    with grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        channel.unary_unary(TRENDS).future(b"", timeout=10, wait_for_ready=True).exception()


def n_measured(port):
    """Return how many calls for trends whoever answers at the metrics' port knows of."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    samples = [sample for family in families for sample in family.samples]
    name = "sdr_grpc_request_seconds_count"
    return sum(sample.value for sample in samples if sample.name == name and sample.labels["method"] == TRENDS)


def test_processes_whose_parent_was_killed_do_not_hold_the_port(family):
    address = address_of(family)
    children = psutil.Process(family.pid).children()
    family.kill()
    gone, alive = psutil.wait_procs(children, timeout=30)
    assert (len(gone), alive) == (2, [])
    with start(address) as heir:
        assert address_of(heir) == address
        heir.kill()


def test_without_debug_and_a_secret_key_nothing_is_served():
    with start("127.0.0.1:0", DEBUG="0", SECRET_KEY="") as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "SECRET_KEY" in output
    assert SERVES not in output


def test_half_of_what_tls_needs_is_refused(tmp_path):
    with start("127.0.0.1:0", GRPC_TLS_CERT=str(tmp_path / "server.pem")) as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "GRPC_TLS_KEY" in output
    assert "Traceback" not in output


def test_under_the_reloader_a_server_serves_too():
    with start("127.0.0.1:0", "--dev") as process:
        try:
            assert answers(address_of(process))
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
