"""Asked over Kafka, answered over Kafka: the same as over REST."""

import json
import os
import signal
import threading
import uuid

import pytest
from django.core.management import call_command
from django.test import Client

from catalog.models import Category, Product
from events.broker.base import Outcome, Outgoing
from events.broker.committed import KafkaCommittingSource
from events.broker.producer import publisher
from events.kinds import RECOMMENDATION_REQUESTS, RECOMMENDATION_RESPONSES
from events.tenants import TenantDirectory
from recommendations import serving
from recommendations.answering.loop import Answering
from recommendations.index.rebuild import rebuild
from sdr.accounts import access
from sdr.accounts.models import Tenant
from sdr.heartbeat import Heartbeat, is_alive
from tests.eventually import eventually

pytestmark = pytest.mark.django_db(transaction=True)

LAMPS = ["Desk lamp of brass", "Floor lamp of oak", "Reading lamp of brass", "Candle of bees' wax", "Oak stool"]


@pytest.fixture(autouse=True)
def _static_root(settings):
    # Whitenoise warns where nobody has collected static files.
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


@pytest.fixture
def tenant():
    """A tenant of this test alone: the broker's log outlives a test."""
    return Tenant.objects.create(slug=f"t-{uuid.uuid4().hex[:8]}", name="Lamps")


@pytest.fixture
def products(tenant, redis_client):
    category = Category.objects.create(tenant=tenant, name="Light")
    rows = [Product(tenant=tenant, sku=f"L/{n}", name=name, category=category) for n, name in enumerate(LAMPS)]
    made = Product.objects.bulk_create(rows)
    rebuild(tenant)
    yield made
    serving.stop()


@pytest.fixture
def group():
    return f"test-{uuid.uuid4()}"


@pytest.fixture
def read_responses():
    """Read what came on the topic of responses: request_id → responses."""
    source = KafkaCommittingSource(f"test-{uuid.uuid4()}", [RECOMMENDATION_RESPONSES])
    found = {}

    def read():
        for record in source.read(500, 0.1):
            body = json.loads(record.value)
            found.setdefault(body["request_id"], []).append(body)
        return found

    yield read
    source.close()


@pytest.fixture
def answering(group):
    made = answering_in(group)
    yield made
    made._source.close()


def answering_in(group):
    source = KafkaCommittingSource(group, [RECOMMENDATION_REQUESTS], also_needed=[RECOMMENDATION_RESPONSES])
    return Answering(source, publisher, TenantDirectory())


def ask(*bodies):
    """Put requests into Kafka, each with an id of its own; return the ids."""
    ids = [f"r-{uuid.uuid4()}" for _ in bodies]
    messages = [
        Outgoing(RECOMMENDATION_REQUESTS, request_id, json.dumps({"request_id": request_id} | body).encode())
        for request_id, body in zip(ids, bodies, strict=True)
    ]
    assert publisher().publish(messages, timeout_seconds=10) == [Outcome.ACCEPTED] * len(messages)
    return ids


def answers_to(ids, answering, read_responses):
    eventually(lambda: answering.step() or read_responses().keys() >= set(ids))
    found = read_responses()
    return [found[request_id][0] for request_id in ids]


def over_rest(tenant, path, **query):
    _, key = access.create_key(tenant, ["recommendations:read"])
    return Client().get(f"/api/recommendations/{path}", query, headers={"authorization": f"Bearer {key}"}).json()


def without_ids(body):
    return {name: value for name, value in body.items() if name not in {"request_id", "recommendation_id"}}


def test_the_answer_is_that_of_rest(tenant, products, answering, read_responses):
    eventually(lambda: not over_rest(tenant, products[0].pk)["degraded"])
    asked = [{"product_id": products[0].pk, "limit": 3}, {"sku": "L/1"}, {"product_id": products[2].pk, "sku": "L/1"}]
    by_id, by_sku, by_both = answers_to(ask(*[a | {"tenant": tenant.slug} for a in asked]), answering, read_responses)

    theirs = over_rest(tenant, products[0].pk, limit=3)
    assert len(by_id["recommendations"]) == 3
    assert without_ids(by_id) == without_ids(theirs) | {"schema_version": 1}
    assert by_id["recommendation_id"]
    assert without_ids(by_sku) == without_ids(over_rest(tenant, "by-sku/L/1")) | {"schema_version": 1}
    assert by_both["recommendations"] == over_rest(tenant, products[2].pk)["recommendations"]


def test_errors_are_those_of_rest(tenant, products, answering, read_responses):
    newcomer = Tenant.objects.create(slug=f"n-{uuid.uuid4().hex[:8]}", name="Newcomers")
    asked = [
        ({"product_id": 987_654_321}, over_rest(tenant, 987_654_321)),
        ({"sku": "none"}, over_rest(tenant, "by-sku/none")),
        ({"product_id": products[0].pk, "limit": 0}, over_rest(tenant, products[0].pk, limit=0)),
        ({"sku": "L/0", "strategy": "best"}, over_rest(tenant, "by-sku/L/0", strategy="best")),
        ({"product_id": 1, "tenant": newcomer.slug}, over_rest(newcomer, 1)),
    ]
    ids = ask(*[{"tenant": tenant.slug} | body for body, _ in asked])
    answered = answers_to(ids, answering, read_responses)
    assert [answer["error"] for answer in answered] == [theirs["error"] for _, theirs in asked]
    codes = [answer["error"]["code"] for answer in answered]
    assert codes == ["not_found", "not_found", "invalid", "invalid", "index_not_ready"]


def test_garbage_between_requests_stops_nobody(tenant, products, answering, read_responses):
    (before,) = ask({"sku": "L/0", "tenant": tenant.slug})
    garbage = [Outgoing(RECOMMENDATION_REQUESTS, before, value) for value in (b"{", b"\xff\xfe", b"[]", b"{}")]
    assert publisher().publish(garbage, timeout_seconds=10) == [Outcome.ACCEPTED] * 4
    (after,) = ask({"sku": "L/1", "tenant": tenant.slug})
    for answer in answers_to([before, after], answering, read_responses):
        assert answer["recommendations"]


def test_each_request_is_answered_though_a_member_left_before_it_committed(
    tenant, products, group, read_responses, settings
):
    settings.KAFKA_SESSION_TIMEOUT_MS = 4000  # the embedded broker gives a share on only when its owner times out
    ids = ask(*[{"sku": f"L/{n % 5}", "tenant": tenant.slug} for n in range(40)])

    first = answering_in(group)
    first._source.commit = lambda _records: None  # killed before it could
    answers_to(ids, first, read_responses)
    first._source.close()

    def all_answered_twice():
        second.step()
        found = read_responses()
        return all(len(found[request_id]) >= 2 for request_id in ids)

    second = answering_in(group)
    eventually(all_answered_twice)
    consumer = second._source._consumer
    share = consumer.assignment()
    assert {p.offset for p in consumer.committed(share)} == {p.offset for p in consumer.position(share)}
    second._source.close()


def test_the_command_answers_until_it_is_told_to_stop(tenant, products, group, read_responses, capsys):
    Heartbeat("answers").stop()
    before = {signum: signal.getsignal(signum) for signum in (signal.SIGTERM, signal.SIGINT)}
    (request_id,) = ask({"sku": "L/0", "tenant": tenant.slug})

    def stop_when_answered():
        try:
            eventually(lambda: request_id in read_responses() and is_alive("answers"))
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    stopping = threading.Thread(target=stop_when_answered)
    stopping.start()
    try:
        call_command("answer_requests", group=group)  # returns: exit status 0
    finally:
        stopping.join()
        for signum, handler in before.items():
            signal.signal(signum, handler)
    assert read_responses()[request_id][0]["recommendations"]
