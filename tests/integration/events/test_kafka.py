"""Through real brokers, librdkafka's and Apache Kafka: what is published is read, and counted once."""

import threading
import uuid

import pytest

from events import services
from events.broker.base import Outcome, Outgoing
from events.broker.producer import publisher
from events.broker.source import KafkaSource
from events.broker.topics import ensure_topics
from events.kinds import PRODUCT_CLICKS, TOPICS
from events.live import keys
from events.live.redis import RedisLiveState
from events.pipeline import Pipeline
from events.sinks.live import LiveSink
from events.skus import SkuResolver
from events.tenants import TenantDirectory
from sdr.accounts.models import Tenant
from tests.eventually import eventually


@pytest.fixture(params=["embedded", "apache"], autouse=True)
def _broker(request):
    """Each test runs on both; without Java 17 or Maven the second is skipped, and says so."""
    if request.param == "apache":
        request.getfixturevalue("apache_kafka")


@pytest.fixture
def tenant(db):
    """A tenant of this test alone: the broker's log outlives a test."""
    return Tenant.objects.create(slug=f"t-{uuid.uuid4().hex[:8]}", name="Test").slug


@pytest.fixture
def source(_broker):
    ensure_topics()
    made = KafkaSource(f"test-{uuid.uuid4()}", TOPICS)
    yield made
    made.close()


@pytest.fixture
def pipeline(source, redis_client):
    return Pipeline(source, LiveSink(RedisLiveState(), TenantDirectory(), SkuResolver()))


def test_published_messages_are_accepted_and_read_in_order(source):
    key = str(uuid.uuid4())
    messages = [Outgoing(PRODUCT_CLICKS, key, f"{key} {n}".encode()) for n in range(50)]
    assert publisher().publish(messages, timeout_seconds=10) == [Outcome.ACCEPTED] * 50

    found = []

    def read():
        generation = source.generation
        found.extend(r.value for r in source.read(100, 0.1) if r.value and r.value.startswith(key.encode()))
        if source.generation != generation:
            source.seek(dict.fromkeys(source.assigned(), -1))
            source.resume()
        return len(found) == 50

    eventually(read)
    assert found == [message.value for message in messages]


def test_a_click_is_in_redis_after_it_was_accepted(pipeline, tenant, redis_client):
    events = [{"product_id": n % 3 + 1, "user_id": f"u-{n % 5}"} for n in range(300)]
    tracked = services.track(events, tenant=tenant, publisher=publisher())
    assert {result.status for result in tracked} == {Outcome.ACCEPTED}

    def counted():
        pipeline.step()
        return redis_client.hgetall(keys.clicks(tenant)) == {b"1": b"100", b"2": b"100", b"3": b"100"}

    eventually(counted)


def test_good_events_are_taken_even_if_others_are_bad(tenant):
    events = [{"product_id": 1, "user_id": "u"}, {"user_id": "u"}, {"product_id": 2, "session_id": "s"}]
    tracked = services.track(events, tenant=tenant, publisher=publisher())
    assert [result.status for result in tracked] == ["accepted", "rejected", "accepted"]
    assert tracked[1].field == "product_id"


def test_stopping_leaves_nothing_half_done(pipeline, tenant, redis_client):
    services.track([{"product_id": 1, "user_id": "u"}] * 10, tenant=tenant, publisher=publisher())
    eventually(lambda: pipeline.step() or redis_client.hgetall(keys.clicks(tenant)) == {b"1": b"10"})
    pipeline.stop()
    running = threading.Thread(target=pipeline.run)
    running.start()
    running.join(20)
    assert not running.is_alive()
    assert redis_client.hlen(keys.offsets(tenant)) > 0
