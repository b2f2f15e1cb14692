"""The way in while Kafka is away, and at the end of a web process."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import uuid

import orjson
import pytest
from django.conf import settings
from django.db import connection

from events import services
from events.broker import producer
from events.broker.base import BEGINNING
from events.broker.producer import close_publisher, publisher
from events.broker.source import KafkaSource
from events.kinds import TOPICS
from sdr.exceptions import Unavailable
from tests.eventually import eventually


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def kafka_is_away(settings, monkeypatch):
    close_publisher()
    monkeypatch.setattr(producer, "_FLUSH_SECONDS", 0.1)  # nobody comes to take what is left
    settings.KAFKA_BOOTSTRAP_SERVERS = f"127.0.0.1:{free_port()}"
    settings.KAFKA_ACK_TIMEOUT_SECONDS = 0.3
    yield
    close_publisher()


def track(**options):
    event = {"product_id": 1, "session_id": "s"}
    return services.track([event], tenant="default", publisher=publisher(), **options)


def test_without_an_acknowledgement_the_outcome_is_unknown_and_the_next_caller_is_turned_away(kafka_is_away):
    assert [result.status for result in track()] == ["unknown"]
    with pytest.raises(Unavailable):
        track()


def test_events_for_the_buffer_are_taken_even_then(kafka_is_away):
    assert [result.status for result in track(wait_for_ack=False)] == ["accepted"]


@pytest.mark.django_db
def test_rest_says_when_to_come_again(kafka_is_away, client):
    client.get("/livez")  # the first request of all takes longer than somebody is turned away
    track()
    answer = client.post("/api/events", {"product_id": 1, "session_id": "s"}, content_type="application/json")
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) >= 1
    assert answer.json()["error"]["code"] == "unavailable"


@pytest.mark.django_db
def test_an_unknown_way_to_acknowledge_is_named(client):
    answer = client.post("/api/events?ack=maybe", {"product_id": 1, "session_id": "s"}, content_type="application/json")
    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == ["ack"]


@pytest.fixture
def web(transactional_db):
    """granian, as `make up` runs it, on the tests' own database."""
    port = free_port()
    database = settings.ENGINES.database_url.replace("/sdr?", f"/{connection.settings_dict['NAME']}?")
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", "1"]
    environment = {**os.environ, "DATABASE_URL": database}
    process = subprocess.Popen([*command, "sdr.wsgi:application"], cwd=settings.BASE_DIR, env=environment)
    yield process, f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


def post(url, body):
    request = urllib.request.Request(url, orjson.dumps(body), {"Content-Type": "application/json"}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.URLError:
        return None


def test_what_is_buffered_is_sent_before_a_web_process_ends(web):
    process, url = web
    session = str(uuid.uuid4())
    events = [{"product_id": n + 1, "session_id": session} for n in range(200)]
    eventually(lambda: post(f"{url}/api/events?ack=queued", events) == 202, seconds=30)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0

    source, found = KafkaSource(f"test-{uuid.uuid4()}", TOPICS), []

    def read():
        generation = source.generation
        found.extend(r for r in source.read(1000, 0.1) if r.value and session.encode() in r.value)
        if source.generation != generation:
            source.seek(dict.fromkeys(source.assigned(), BEGINNING))
            source.resume()
        return len(found) >= len(events)

    eventually(read)
    source.close()
    assert len(found) == len(events)
