"""What every test stands on. The servers themselves are started by ``tests/engines.py``."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import pytest_socket
import redis
from django.conf import settings
from django.test import override_settings

from events.broker.producer import close_publisher
from sdr import connections
from sdr.accounts import keys
from sdr.ratelimits import limiter
from tests.stack import stack  # noqa: F401  a fixture

# A test asserts nothing about time, and neither may hypothesis: the machine is shared.
hypothesis.settings.register_profile("sdr", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
# For a look by hand: pytest --hypothesis-profile wide tests/integration/test_openapi.py
hypothesis.settings.register_profile("wide", hypothesis.settings.get_profile("sdr"), max_examples=2000)
hypothesis.settings.load_profile("sdr")

QUICK_HASHER = "django.contrib.auth.hashers.MD5PasswordHasher"
UNIT = Path(__file__).parent / "unit"
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}


@pytest.fixture(autouse=True)
def _no_sockets_in_unit_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    if not request.node.path.is_relative_to(UNIT):
        yield
        return
    if request.node.get_closest_marker("django_db") or DATABASE_FIXTURES.intersection(request.fixturenames):
        pytest.fail("A unit test uses the database: move it to tests/integration, or take the database out of it.")
    pytest_socket.disable_socket(allow_unix_socket=False)
    yield
    pytest_socket.enable_socket()


@pytest.fixture(autouse=True)
def _keys_are_as_the_test_left_them(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Look for changed keys at every call: a thread would not see what the test's own transaction holds."""
    monkeypatch.setattr(keys, "REFRESH_SECONDS", 0)
    yield
    keys.stop()
    limiter.stop()


@pytest.fixture(scope="session", autouse=True)
def _passwords_are_hashed_quickly() -> Iterator[None]:
    """Else each test of the admin spends a second on keeping a password that guards nothing."""
    with override_settings(PASSWORD_HASHERS=[QUICK_HASHER, *settings.PASSWORD_HASHERS]):
        yield


@pytest.fixture(scope="session", autouse=True)
def _the_publisher_ends_before_its_broker() -> Iterator[None]:
    """Else its thread goes on to log that nobody answers, when pytest has closed what it would log to."""
    yield
    close_publisher()


@pytest.fixture
def redis_client() -> redis.Redis:
    """The test run's own Valkey, emptied."""
    client = connections.redis_client()
    client.flushall()
    return client


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Where the real data sets are; the test is skipped where they are not."""
    directory = Path(os.environ.get("SDR_DATA", settings.BASE_DIR.parent / "shared" / "data"))
    if not directory.is_dir():
        pytest.skip(f"No data sets in {directory}: set SDR_DATA")
    return directory
