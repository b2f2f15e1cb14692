"""A Postgres that takes questions and does not answer: what it still keeps waiting, and for how long.

Tables that somebody else holds are as good as one: it accepts, and says nothing, for as long as the test likes.
"""

from contextlib import contextmanager

import grpc
import pytest
from django.db import connection

from protos.recommendations.v1.recommendations_pb2 import GetRecommendationsRequest
from protos.recommendations.v1.recommendations_pb2_grpc import RecommendationServiceStub
from recommendations import serving
from sdr import connections, patience
from sdr.accounts import access, keys
from sdr.accounts.models import Scope
from sdr.rpc.server import LANE_THREADS, RpcServer
from tests.eventually import eventually
from tests.factories import make_tenant
from tests.integration.recommendations.shop import Shop

pytestmark = pytest.mark.django_db(transaction=True)
LONG, SHORT = 60.0, 0.1
NOBODYS = 10**12


@pytest.fixture
def shop(settings, tmp_path):
    """A shop with an index, which a new process would find without the registry, too."""
    options = settings.STORAGES["index"] | {"OPTIONS": {"location": tmp_path / "index", "allow_overwrite": True}}
    settings.STORAGES = settings.STORAGES | {"index": options}
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    connections.redis_client().flushall()
    made = Shop(make_tenant())
    made.rebuild()
    yield made
    serving.stop()


@pytest.fixture
def stub(shop):
    server = RpcServer("127.0.0.1:0", max_workers=LANE_THREADS)
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield RecommendationServiceStub(channel)
    server.stop(grace_seconds=0)


@pytest.fixture
def metadata(shop, monkeypatch):
    monkeypatch.setattr(keys, "REFRESH_SECONDS", 0.05)  # as in a process that runs: known keys are not asked for
    return [("authorization", f"Bearer {access.create_key(shop.tenant, [Scope.RECOMMENDATIONS_READ])[1]}")]


@contextmanager
def silence(*tables):
    """Have nobody read these tables."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            for table in tables:
                cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        other.close()


def ask(stub, metadata, **product):
    return stub.GetRecommendations(GetRecommendationsRequest(**product), metadata=metadata, timeout=20)


def test_a_product_that_only_postgres_could_know_gets_an_answer_in_time(stub, metadata, monkeypatch):
    assert len(ask(stub, metadata, sku="wok").recommendations) == 5
    with silence("catalog_product"), monkeypatch.context() as hasty:
        hasty.setattr(patience, "SECONDS", SHORT)
        for _ in range(2 * LANE_THREADS):
            assert ask(stub, metadata, product_id=NOBODYS).degraded == ["index", "catalog"]
    assert eventually(lambda: status(stub, metadata, product_id=NOBODYS) is grpc.StatusCode.NOT_FOUND)


def test_who_waits_for_postgres_does_not_keep_those_waiting_who_need_none(stub, metadata, monkeypatch):
    monkeypatch.setattr(patience, "SECONDS", LONG)
    monkeypatch.setattr(patience, "QUEUE_SECONDS", SHORT)
    assert len(ask(stub, metadata, sku="wok").recommendations) == 5
    with silence("catalog_product"):
        request = GetRecommendationsRequest(product_id=NOBODYS)
        waiting = [stub.GetRecommendations.future(request, metadata=metadata) for _ in range(2 * LANE_THREADS)]
        eventually(lambda: sum(call.done() for call in waiting) > LANE_THREADS)
        assert len(ask(stub, metadata, sku="wok").recommendations) == 5
        assert not all(call.done() for call in waiting)
    assert {call.code() for call in waiting} == {grpc.StatusCode.OK, grpc.StatusCode.NOT_FOUND}


def test_a_key_that_only_postgres_could_know_is_refused_in_time(stub, metadata, monkeypatch):
    assert len(ask(stub, metadata, sku="wok").recommendations) == 5
    monkeypatch.setattr(patience, "SECONDS", SHORT)
    with silence("accounts_apikey", "accounts_accessrevision"):
        unknown = [("authorization", "Bearer sdr_nobody")]
        assert status(stub, unknown, sku="wok") is grpc.StatusCode.UNAVAILABLE


def test_a_process_that_starts_then_serves_what_it_finds_without_the_registry(stub, metadata, monkeypatch):
    assert len(ask(stub, metadata, sku="wok").recommendations) == 5
    serving.stop()
    with silence("recommendations_indexversion"), monkeypatch.context() as hasty:
        hasty.setattr(patience, "SECONDS", SHORT)
        assert len(ask(stub, metadata, sku="wok").recommendations) == 5


def status(stub, metadata, **product):
    return stub.GetRecommendations.future(GetRecommendationsRequest(**product), metadata=metadata, timeout=20).code()
