"""A product that comes after its events: the archive joins them, and the live state counts them late, but once."""

import pytest

from events.archive import adoption
from events.broker.base import Outcome
from events.broker.memory import MemorySource
from events.kinds import TOPICS, Kind
from events.live import keys
from events.live.redis import RedisLiveState
from events.models import Interaction
from events.pipeline import Pipeline
from events.sinks.live import LiveSink
from events.skus import SkuResolver
from events.tenants import TenantDirectory
from sdr import clock
from sdr.exceptions import Unavailable
from tests.factories import make_product, make_tenant
from tests.integration.events.archiving import archive, make_archiver, make_broker, send, work_off
from tests.unit.events.factories import make_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return clock.now_seconds()


@pytest.fixture
def broker(now):
    made = make_broker()
    made.now_ms = int(now * 1000)
    return made


@pytest.fixture
def live(broker, redis_client):
    """Count what is in the log, by a consumer that has just been started; return the clicks of each product."""

    def count():
        source = MemorySource(broker, TOPICS)
        pipeline = Pipeline(source, LiveSink(RedisLiveState(), TenantDirectory(), SkuResolver()))
        work_off(pipeline, source)
        pipeline.advance()
        return {int(p): int(n) for p, n in redis_client.hgetall(keys.clicks("default")).items()}

    return count


def click(broker, sku, now, **fields):
    send(broker, make_event(None, sku=sku, at=now, **fields))


def test_its_events_are_joined_and_counted_once(broker, live, now):
    for sku in ("A", "A", "B"):
        click(broker, sku, now)
    pipeline, source = archive(broker)
    assert live() == {}
    product = make_product(sku="A")
    for _ in range(3):
        pipeline.advance()
        work_off(pipeline, source)
    assert live() == {product.pk: 2}
    assert sorted(Interaction.objects.values_list("sku", "product_id")) == [
        ("A", product.pk), ("A", product.pk), ("B", None),
    ]  # fmt: skip


def test_what_the_live_state_had_counted_already_is_not_counted_again(broker, live, now):
    click(broker, "A", now)
    pipeline, source = archive(broker)  # a moment too early, and the live state comes a moment later
    product = make_product(sku="A")
    assert live() == {product.pk: 1}
    pipeline.advance()
    work_off(pipeline, source)
    assert live() == {product.pk: 1}
    assert Interaction.objects.get().product == product


def test_what_is_older_than_the_window_of_ids_is_joined_only(broker, live, now):
    click(broker, "A", now - adoption.SEND_WITHIN.total_seconds() - 60)
    pipeline, _ = archive(broker)
    assert live() == {}
    product = make_product(sku="A")
    pipeline.advance()
    assert live() == {}
    assert Interaction.objects.get().product == product


def test_after_a_crash_between_sending_and_noting_it_is_sent_again_and_counted_once(broker, live, now):
    class Deaf:
        """Takes everything, and its acknowledgements are lost."""

        def publish(self, messages, *, timeout_seconds):
            broker.publish(messages)
            return [Outcome.UNKNOWN] * len(messages)

    click(broker, "A", now)
    archive(broker)
    product = make_product(sku="A")
    failing, _ = make_archiver(broker, Deaf())
    with pytest.raises(Unavailable):
        failing._sink.advance({})
    archive(broker)[0].advance()
    assert live() == {product.pk: 1}
    assert Interaction.objects.get().product == product


def test_a_product_of_another_tenant_with_that_sku_is_another(broker, now):
    click(broker, "A", now, kind=Kind.VIEW)
    pipeline, _ = archive(broker)
    make_product(sku="A", tenant_id=make_tenant().pk)
    pipeline.advance()
    assert Interaction.objects.get().product_id is None


def test_many_unknown_skus_are_looked_through_a_few_at_a_time(broker, now, monkeypatch):
    monkeypatch.setattr(adoption, "_SKUS_AT_ONCE", 3)
    for n in range(10):
        click(broker, f"sku-{n}", now)
    pipeline, _ = archive(broker)
    product = make_product(sku="sku-8")
    for _ in range(4):
        pipeline.advance()
    assert Interaction.objects.get(product=product).sku == "sku-8"
