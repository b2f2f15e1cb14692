"""A shopper is read in one round trip; a Redis that stalls costs a request its budget, and the next nothing."""

import os
import signal
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings as django_settings

from events.live import keys
from events.live.redis import RedisLiveState
from events.live.shoppers import NOTHING_KNOWN, read_shopper
from sdr.accounts.preferences import Preferences
from sdr.exceptions import Unavailable
from tests.eventually import eventually
from tests.integration.kills.valkey import OwnValkey
from tests.unit.events.factories import START, make_batch, make_live_event

PATIENT = 5.0  # seconds: on a busy machine, what is not about time may take its time


def read(user_id="7", session_id=None, *, tenant="default"):
    return read_shopper(tenant, user_id, session_id, timeout_seconds=PATIENT)


def note(*events, tenant="default"):
    RedisLiveState().apply(make_batch(events, tenant=tenant))


@pytest.fixture
def valkey(settings):
    directory = django_settings.VAR_DIR / f"shoppers-{uuid.uuid4().hex[:8]}"
    directory.mkdir()
    made = OwnValkey(directory)
    settings.REDIS_URL = made.url
    yield made
    made.client.close()
    made.stop()


def test_user_and_session_are_read_as_one(redis_client):
    note(
        make_live_event(5, 0, at=START, shoppers=("u:7",), mark="purchase:5"),
        make_live_event(6, 1, at=START + 1, shoppers=("s:ü 9",)),
        make_live_event(8, 2, at=START + 2, shoppers=("s:ü 9",), mark="dislike:8", is_met=False, weight=0.0),
    )
    redis_client.set(keys.preferences("default", "u:7"), b'{"hidden_categories":["caf\xc3\xa9"]}')
    state = read("7", "ü 9")
    assert (state.recent, state.purchased, state.disliked) == ([6, 5], {5}, {8})
    assert state.preferences == Preferences(hidden_categories=["café"])
    assert read(None, "ü 9").recent == [6]


def test_a_stranger_is_nobody_and_nobody_is_not_asked_for(redis_client):
    assert read("8", "9") == NOTHING_KNOWN
    assert read(None, None) == NOTHING_KNOWN


def test_another_tenants_shopper_of_the_same_name_is_another(redis_client):
    note(make_live_event(5, shoppers=("u:7",)), tenant="other")
    redis_client.set(keys.preferences("other", "u:7"), b"{}")
    assert read("7") == NOTHING_KNOWN


@pytest.mark.parametrize("name", ["recent", "preferences"])
def test_what_cannot_be_read_is_unavailable(redis_client, name):
    redis_client.rpush(getattr(keys, name)("default", "u:7"), "not what belongs here")
    with pytest.raises(Unavailable):
        read("7")
    assert read("8") == NOTHING_KNOWN  # and nobody else's


def test_preferences_of_another_shape_are_unavailable(redis_client):
    redis_client.set(keys.preferences("default", "u:7"), b'{"of_another_release":1}')
    with pytest.raises(Unavailable, match="not readable"):
        read("7")


def test_many_threads_read_at_once(redis_client):
    for user in range(20):
        note(make_live_event(user + 1, user, shoppers=(f"u:{user}",)))
    with ThreadPoolExecutor(8) as threads:
        states = list(threads.map(lambda n: read(str(n % 20)), range(400)))
    assert [state.recent for state in states] == [[n % 20 + 1] for n in range(400)]


def test_a_redis_that_stalls_costs_one_request_its_budget_and_the_next_nothing(valkey):
    note(make_live_event(5, shoppers=("u:7",)))
    assert read("7").recent == [5]
    os.kill(valkey._pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        for _ in range(200):  # at 20 ms each that would be 4 s
            with pytest.raises(Unavailable):
                read_shopper("default", "7", "9")
        assert time.monotonic() - started < 2
    finally:
        os.kill(valkey._pid, signal.SIGCONT)
    # What it answered too late is nobody's answer.
    assert eventually(lambda: _tried("8")) == NOTHING_KNOWN
    assert read("7").recent == [5]


def test_a_redis_that_stalls_before_the_first_connection_costs_no_more(valkey):
    os.kill(valkey._pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        with pytest.raises(Unavailable):
            read_shopper("default", "7", None)
        assert time.monotonic() - started < 0.5
    finally:
        os.kill(valkey._pid, signal.SIGCONT)
    assert eventually(lambda: _tried("7")) == NOTHING_KNOWN


def test_a_redis_that_was_started_again_is_read_at_once(valkey):
    note(make_live_event(5, shoppers=("u:7",)))
    assert read("7").recent == [5]
    valkey.kill()
    valkey.start()
    assert read("7").recent == [5]


def _tried(user_id):
    try:
        return read(user_id)
    except Unavailable:
        return None
