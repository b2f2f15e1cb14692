import json
import time

import pytest
import redis
from django.test import RequestFactory
from prometheus_client.parser import text_string_to_metric_families

from sdr import dependencies, health, metrics, servers


def get(view):
    return view(RequestFactory().get("/"))


def body(response):
    return json.loads(response.content)


@pytest.fixture(autouse=True)
def _asked_anew(monkeypatch):
    monkeypatch.setattr(dependencies, "_asker", dependencies._Asker())
    monkeypatch.setattr(dependencies, "_checks", dict(dependencies._checks))
    dependencies.register_dependency("index", lambda: None)


@pytest.fixture
def _unreachable(settings):
    """Every server away: the addresses lead nowhere."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:1"

    def refuse():
        raise ConnectionError("connection to server failed")

    dependencies.register_dependency("postgres", refuse)


def test_livez():
    assert body(get(health.livez)) == {"status": "ok"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("redis_client")
def test_ready_with_every_server_there():
    servers.worker_beats()
    response = get(health.readyz)
    assert (response.status_code, body(response)) == (
        200,
        {"status": "ok", "dependencies": dict.fromkeys(("postgres", "redis", "kafka", "celery", "index"), "ok")},
    )


@pytest.mark.usefixtures("_unreachable")
def test_still_ready_with_every_server_away_and_answers_in_time():
    began = time.monotonic()
    response = get(health.readyz)
    assert time.monotonic() - began < 1.5
    found = body(response)
    assert (response.status_code, found["status"]) == (200, "degraded")
    assert found["dependencies"].pop("index") == "ok"
    assert "ok" not in found["dependencies"].values()


def test_not_ready_without_an_index():
    dependencies.register_dependency("index", lambda: "no index is loaded")
    response = get(health.readyz)
    assert (response.status_code, body(response)["dependencies"]["index"]) == (503, "no index is loaded")


def test_not_ready_while_draining(monkeypatch):
    monkeypatch.setattr(health, "_draining", type(health._draining)())
    health.drain()
    response = get(health.readyz)
    assert (response.status_code, body(response)["status"]) == (503, "draining")


def test_celery_is_asked_by_its_sign_of_life(redis_client):
    assert servers.check_celery() == "no worker has given a sign of life"
    servers.worker_beats()
    assert servers.check_celery() is None
    assert 0 < redis_client.ttl(servers.WORKER_SIGN) <= servers.WORKER_SIGN_SECONDS


def test_redis_away_is_an_error_of_redis(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with pytest.raises(redis.RedisError):
        servers.check_redis()


def test_metrics_are_prometheus_text():
    metrics.DEGRADED.labels(reason="live_state").inc()
    families = {family.name for family in text_string_to_metric_families(get(health.metrics).content.decode())}
    assert {"sdr_degraded", "sdr_recommendation_seconds", "sdr_consumer_lag"} <= families
