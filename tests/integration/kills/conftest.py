"""Consumers, a Valkey and load of each test's own, beside one Apache Kafka."""

import os
import subprocess
import sys
import uuid

import pytest
from django.conf import settings

from tests.integration.kills.shop import Shop
from tests.integration.kills.valkey import OwnValkey


@pytest.fixture(scope="session")
def database_url():
    """The run's database outside of tests' transactions, where other processes find the default tenant."""
    url = settings.ENGINES.database_url
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=settings.BASE_DIR, env=os.environ | {"DATABASE_URL": url}, check=True, timeout=60)
    return url


@pytest.fixture
def directory():
    made = settings.VAR_DIR / f"kill-{uuid.uuid4().hex[:8]}"
    made.mkdir()
    return made


@pytest.fixture
def valkey(directory):
    made = OwnValkey(directory / "valkey")
    yield made
    made.client.close()
    made.stop()


@pytest.fixture
def shop(directory, apache_kafka, valkey, database_url):
    made = Shop(directory, apache_kafka, valkey, database_url)
    yield made
    made.close()
