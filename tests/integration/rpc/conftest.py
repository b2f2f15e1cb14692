import grpc
import pytest

from sdr import dependencies
from sdr.accounts import access
from sdr.accounts.models import Tenant
from sdr.rpc import readiness
from sdr.rpc.server import RpcServer
from tests.integration.rpc.probe import ProbeService


@pytest.fixture
def state(monkeypatch):
    """What is wrong with the dependencies, by name; all is well at first."""
    state = {"index": None, "gyroscope": None}
    for name in tuple(state):
        monkeypatch.setitem(dependencies._checks, name, lambda name=name: state[name])
    monkeypatch.setattr(readiness, "LOOK_AGAIN_SECONDS", 0.02)
    return state


@pytest.fixture
def _probe(settings, state):
    ProbeService.waiting.clear()
    ProbeService.may_answer.clear()
    ProbeService.asked.clear()
    settings.GRPC_SERVICES = [f"{ProbeService.__module__}.{ProbeService.__qualname__}"]


@pytest.fixture
def server(_probe):
    server = RpcServer("127.0.0.1:0", max_workers=3)
    server.start()
    yield server
    server.stop(grace_seconds=0)


@pytest.fixture
def channel(server):
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield channel


@pytest.fixture
def key():
    tenant, _ = Tenant.objects.get_or_create(slug="north", defaults={"name": "North"})
    return access.create_key(tenant, ["recommendations:read"])[1]


@pytest.fixture
def one_thread(_probe):
    """A channel to a server with one thread."""
    server = RpcServer("127.0.0.1:0", max_workers=1)
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield channel
    ProbeService.may_answer.set()
    server.stop(grace_seconds=0)
