"""Whatever is killed, the archive ends with every acknowledged event once."""

import uuid

import pytest
from django.conf import settings

from events.broker.topics import ensure_topics
from sdr.heartbeat import is_alive
from tests.eventually import eventually
from tests.integration.events.archive_process import Archiver, Load, OwnPostgres


@pytest.fixture(scope="module")
def own_postgres():
    made = OwnPostgres(settings.VAR_DIR / f"archive-{uuid.uuid4().hex[:6]}")
    yield made
    made.stop()


@pytest.fixture
def group():
    ensure_topics()
    return f"archive-{uuid.uuid4()}"


@pytest.fixture
def start(own_postgres, group):
    started = []

    def start_archiver():
        started.append(Archiver(own_postgres.url, group))
        return started[-1]

    yield start_archiver
    for archiver in started:
        archiver.kill()


def archives_at_least(own_postgres, tenant, n):
    return eventually(lambda: len(own_postgres.archived(tenant)) >= n, seconds=40, every_seconds=0.1)


def assert_each_once(own_postgres, tenant, load):
    archives_at_least(own_postgres, tenant, len(load.acknowledged))
    assert sorted(own_postgres.archived(tenant)) == sorted(load.acknowledged)


def test_postgres_is_killed_under_load(own_postgres, start):
    tenant, archiver = own_postgres.make_tenant(), start()
    archiver.wait_until_it_reads()
    with Load(tenant) as load:
        archives_at_least(own_postgres, tenant, 200)
        own_postgres.kill()
        archiver.wait_until_said('"waiting"')
        own_postgres.start()
        archives_at_least(own_postgres, tenant, len(load.acknowledged))
    assert_each_once(own_postgres, tenant, load)
    assert archiver.stop() == 0
    assert "Traceback" not in archiver.log.read_text()


def test_an_archiver_is_killed_in_the_middle_and_another_goes_on(own_postgres, start):
    tenant, first = own_postgres.make_tenant(), start()
    first.wait_until_it_reads()
    start()  # now, so that it is under way when it is needed
    with Load(tenant) as load:
        archives_at_least(own_postgres, tenant, 100)
        first.kill()
        archives_at_least(own_postgres, tenant, len(load.acknowledged))
    assert_each_once(own_postgres, tenant, load)


def test_sigterm_finishes_the_batch_and_ends_in_order(own_postgres, start):
    tenant, archiver = own_postgres.make_tenant(), start()
    archiver.wait_until_it_reads()
    eventually(lambda: is_alive("archive"))
    load = Load(tenant)
    load.send()
    archives_at_least(own_postgres, tenant, 1)
    assert archiver.stop() == 0
    start()
    assert_each_once(own_postgres, tenant, load)
