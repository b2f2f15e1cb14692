"""The live state, rebuilt beside the one in force."""

import uuid
from datetime import timedelta

import pytest

from events import services
from events.archive.history import ArchiveHistory
from events.broker.memory import MemoryBroker, MemorySource
from events.kinds import TOPICS
from events.live import keys
from events.live.feed import RedisFeed
from events.live.redis import RedisLiveState
from events.models import Interaction
from events.pipeline import Pipeline
from events.rebuild import generations
from events.rebuild.archive import archived, reached
from events.rebuild.run import rebuild
from events.sinks.archive import ArchiveSink
from events.sinks.live import LiveSink
from events.skus import SkuResolver
from events.tenants import TenantDirectory
from sdr import clock
from sdr.accounts.models import Tenant
from tests.factories import make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return Tenant.objects.create(slug=f"t-{uuid.uuid4().hex[:8]}", name="Test")


@pytest.fixture
def broker():
    made = MemoryBroker()
    made.now_ms = int(clock.now_seconds() * 1000)
    return made


@pytest.fixture
def consumer(broker, redis_client):
    source = MemorySource(broker, TOPICS)
    return Pipeline(source, LiveSink(RedisLiveState(), TenantDirectory(), SkuResolver())), source


def send(broker, tenant, n=10, **fields):
    event = {"product_id": 7, "user_id": "u-1", **fields}
    services.track([event] * n, tenant=tenant.slug, publisher=broker)


def work_off(pipeline, source):
    pipeline.step()
    while sum(source.lag().values()):
        pipeline.step()
    pipeline.step()


def archive(broker):
    source = MemorySource(broker, TOPICS)
    work_off(Pipeline(source, ArchiveSink(TenantDirectory(), lambda: broker)), source)


def clicks(tenant):
    changes = RedisLiveState().products(tenant.slug)
    return dict(zip(changes.product_ids.tolist(), changes.clicks.tolist(), strict=True))


def spoil(redis_client, tenant):
    redis_client.hset(keys.clicks(tenant.slug), "7", 1_000_000)


def test_from_kafka_alone(broker, consumer, tenant, redis_client):
    send(broker, tenant)
    work_off(*consumer)
    spoil(redis_client, tenant)
    rebuild(tenant, from_archive=False, source=MemorySource(broker, TOPICS))
    assert clicks(tenant) == {7: 10}


def test_from_the_archive_where_kafka_has_forgotten(broker, consumer, tenant, redis_client):
    send(broker, tenant)
    send(broker, tenant, 3, product_id=8, kind="dislike")
    work_off(*consumer)
    before = RedisLiveState().shopper(tenant.slug, "u:u-1")
    archive(broker)
    redis_client.flushall()
    rebuild(tenant)
    assert clicks(tenant) == {7: 10}
    after = RedisLiveState().shopper(tenant.slug, "u:u-1")
    assert after.recent == [(7, pytest.approx(before.recent[0][1], abs=1e-3))]
    assert set(after.marks) == {"dislike:8"}


def test_the_archive_first_and_kafka_from_where_it_ends(broker, consumer, tenant, redis_client):
    send(broker, tenant)
    archive(broker)
    send(broker, tenant, 5)
    work_off(*consumer)
    spoil(redis_client, tenant)
    rebuild(tenant, source=MemorySource(broker, TOPICS))
    assert Interaction.objects.filter(tenant=tenant).count() == 10
    assert clicks(tenant) == {7: 15}


def test_a_consumer_that_went_on_meanwhile_ends_exact(broker, consumer, tenant, redis_client):
    send(broker, tenant)
    work_off(*consumer)
    archive(broker)
    send(broker, tenant, 5)
    work_off(*consumer)
    rebuild(tenant)  # without Kafka: it ends five events behind
    assert clicks(tenant) == {7: 10}
    send(broker, tenant, 1)
    work_off(*consumer)
    work_off(*consumer)
    assert clicks(tenant) == {7: 16}


def test_what_is_older_than_since_is_forgotten(broker, consumer, tenant, redis_client):
    send(broker, tenant, 4)
    broker.now_ms += 3600_000
    send(broker, tenant, 2)
    work_off(*consumer)
    since = clock.now() + timedelta(minutes=30)
    rebuild(tenant, since=since, from_archive=False, source=MemorySource(broker, TOPICS))
    assert clicks(tenant) == {7: 2}
    work_off(*consumer)
    assert clicks(tenant) == {7: 2}


def test_what_is_older_than_since_stays_forgotten_where_nothing_newer_is_archived(
    broker, consumer, tenant, redis_client
):
    for n in range(12):  # of many shoppers, and so in every partition
        send(broker, tenant, 1, user_id=f"u-{n}", occurred_at=(clock.now() - timedelta(hours=2)).isoformat())
    send(broker, tenant, 2)
    archive(broker)
    rebuild(tenant, since=clock.now() - timedelta(hours=1))
    work_off(*consumer)
    assert clicks(tenant) == {7: 2}


def test_older_logs_of_a_topic_come_first_whatever_they_are_called(broker, tenant, redis_client):
    for incarnation in ("z-older", "a-newer"):
        broker.recreate(incarnation)
        send(broker, tenant, 1)
        archive(broker)
    found = [row[-3] for row in archived(tenant, None)]
    assert found == ["z-older", "a-newer"]
    assert {log.partition("@")[2].partition("/")[0] for log in reached()} == {"a-newer"}


def test_a_log_that_lost_its_beginning_is_filled_from_the_archive(broker, consumer, tenant, redis_client):
    pipeline, source = consumer
    work_off(pipeline, source)
    pipeline.advance()  # so that everybody's offsets are stored
    send(broker, tenant, 6, sku="A", product_id=None)
    send(broker, tenant, 4, kind="purchase", session_id="s-1")
    product = make_product(sku="A", tenant_id=tenant.pk)
    archive(broker)
    send(broker, tenant, 1)
    for partition, log in broker.logs.items():
        broker.trim(partition, max(len(log) - 1, 0))
    source = MemorySource(broker, TOPICS)
    following = LiveSink(RedisLiveState(), TenantDirectory(), SkuResolver(), ArchiveHistory())
    for _ in range(2):
        work_off(Pipeline(source, following), source)
    assert clicks(tenant) == {product.pk: 6, 7: 1}
    assert set(RedisLiveState().shopper(tenant.slug, "s:s-1").marks) == {"purchase:7"}


def test_followers_of_the_feed_get_the_new_state_whole(broker, consumer, tenant, redis_client):
    send(broker, tenant)
    work_off(*consumer)
    feed = RedisFeed()
    position = feed.news(tenant.slug, None).position
    spoil(redis_client, tenant)
    rebuild(tenant, from_archive=False, source=MemorySource(broker, TOPICS))
    news = feed.news(tenant.slug, position)
    assert news.is_snapshot
    assert news.changes.clicks.tolist() == [10]


def test_nothing_of_the_old_state_is_left(broker, consumer, tenant, redis_client):
    send(broker, tenant)
    work_off(*consumer)
    for _ in range(2):
        rebuild(tenant, from_archive=False, source=MemorySource(broker, TOPICS))
    in_force = redis_client.get(keys.generation(tenant.slug)).decode()
    others = {keys.generation(tenant.slug), keys.feed(tenant.slug)}
    for key in redis_client.scan_iter(match=f"{keys.prefix(tenant.slug)}*"):
        assert key.decode() in others or key.decode().startswith(keys.prefix(tenant.slug) + in_force)


def test_an_interrupted_rebuild_leaves_everything_as_it_was(broker, consumer, tenant, redis_client):
    send(broker, tenant)
    work_off(*consumer)
    archive(broker)
    before = {key: redis_client.dump(key) for key in redis_client.scan_iter()}

    def interrupt(*_progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(tenant, on_progress=interrupt)
    assert {key: redis_client.dump(key) for key in redis_client.scan_iter()} == before


def test_there_is_one_rebuild_at_a_time(tenant, redis_client):
    with generations.new_generation(tenant.slug), pytest.raises(generations.AlreadyRebuilding):
        rebuild(tenant)
    rebuild(tenant)


def test_events_are_counted_while_the_state_is_rebuilt(broker, consumer, tenant, redis_client):
    for _ in range(20):
        send(broker, tenant, 100)
    work_off(*consumer)
    archive(broker)
    pipeline, source = consumer
    steps = []

    def go_on(*progress):
        steps.append(progress)
        send(broker, tenant, 1)
        pipeline.step()

    rebuild(tenant, source=MemorySource(broker, TOPICS), on_progress=go_on)
    assert {step for step, _, _ in steps} == {"archive", "kafka"}
    n_sent = sum(len(log) for log in broker.logs.values())
    pipeline.advance()  # as it does every few seconds; here it finds out that the state was exchanged
    work_off(pipeline, source)
    assert clicks(tenant) == {7: n_sent}
