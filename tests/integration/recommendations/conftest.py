from collections.abc import Iterator

import pytest
from django.test import Client

from recommendations import knowledge, serving
from recommendations.index import holder
from sdr import connections
from sdr.accounts.models import DEFAULT_TENANT, Tenant
from tests.integration.recommendations.shop import Shop


@pytest.fixture
def tenant(transactional_db) -> Tenant:
    # Emptying the tables between tests takes along what the first migration made.
    return Tenant.objects.get_or_create(slug=DEFAULT_TENANT, defaults={"pk": 1, "name": "Default"})[0]


@pytest.fixture(autouse=True)
def _clean_place(transactional_db, settings, tmp_path, monkeypatch) -> Iterator[None]:
    """An empty artifact store, an empty Valkey, and no thread left over that would still read the database."""
    options = settings.STORAGES["index"] | {"OPTIONS": {"location": tmp_path / "index", "allow_overwrite": True}}
    settings.STORAGES = settings.STORAGES | {"index": options}
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(serving, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(serving, "REFRESH_SECONDS", 0.05)
    monkeypatch.setattr(holder, "ABSENT_SECONDS", 0.0)  # a test builds the first index after it has asked for one
    connections.redis_client().flushall()
    yield
    serving.stop()


@pytest.fixture
def shop(tenant) -> Shop:
    """A shop of a dozen products, in the database but not in an index."""
    return Shop(tenant)


@pytest.fixture
def indexed_shop(shop) -> Shop:
    shop.rebuild()
    return shop


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def _patient(monkeypatch) -> None:
    """A busy machine may take longer than 20 ms over what is known of a shopper; these tests want to hear it."""
    monkeypatch.setattr(knowledge, "BUDGET_SECONDS", 10.0)
