from collections.abc import Iterator
from dataclasses import dataclass

import grpc
import pytest

from recommendations import serving
from sdr import connections
from sdr.accounts import access
from sdr.accounts.models import Scope, Tenant
from sdr.rpc.server import RpcServer
from tests.factories import make_tenant
from tests.integration.parity.doors import GrpcDoor, RestDoor


@dataclass
class Doors:
    """Both doors of one server, for one caller."""

    tenant: Tenant
    address: str
    channel: grpc.Channel
    key: str | None

    @property
    def rest(self) -> RestDoor:
        return RestDoor(self.key)

    @property
    def grpc(self) -> GrpcDoor:
        return GrpcDoor(self.channel, self.key)

    def with_scopes(self, *scopes: str) -> "Doors":
        return Doors(self.tenant, self.address, self.channel, access.create_key(self.tenant, list(scopes))[1])

    def with_key(self, key: str | None) -> "Doors":
        return Doors(self.tenant, self.address, self.channel, key)


@pytest.fixture
def doors(transactional_db, settings, tmp_path, monkeypatch) -> Iterator[Doors]:
    """Both doors, for a tenant of its own whose key has every scope; an empty Valkey and an empty store of indexes."""
    options = settings.STORAGES["index"] | {"OPTIONS": {"location": tmp_path / "index", "allow_overwrite": True}}
    settings.STORAGES = settings.STORAGES | {"index": options}
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(serving, "POLL_SECONDS", 0.05)
    connections.redis_client().flushall()
    tenant = make_tenant()
    server = RpcServer("127.0.0.1:0", max_workers=4)
    server.start()
    address = f"127.0.0.1:{server.port}"
    with grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        yield Doors(tenant, address, channel, access.create_key(tenant, list(Scope.values))[1])
    server.stop(grace_seconds=0)
    serving.stop()


@pytest.fixture
def address(doors) -> str:
    return doors.address
