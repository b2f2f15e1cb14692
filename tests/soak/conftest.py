"""The kill tests' shop, for longer: ``make soak``, or ``make soak DURATION=600`` for so many seconds of each test."""

import pytest

from tests.apache import _apache_kafka, apache_kafka  # noqa: F401  fixtures
from tests.integration.kills.conftest import database_url, directory, shop, valkey  # noqa: F401  fixtures


def pytest_addoption(parser):
    parser.addoption("--duration", type=float, default=120.0, help="seconds that each soak test goes on for")
    parser.addoption("--products", type=int, default=1_000_000, help="size of the synthetic catalogue")


@pytest.fixture
def duration(request):
    return request.config.getoption("--duration")
