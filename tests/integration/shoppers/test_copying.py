"""Postgres is the truth: its preferences reach Redis whoever writes them, whatever happened to Redis meanwhile."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from events.live import copies, keys
from events.models import PreferencesCopy
from events.rebuild import generations
from events.shoppers import copying
from events.tasks import settle_shoppers
from sdr.accounts.models import PreferencesChange, Tenant, User
from sdr.breaker import Breaker
from tests.eventually import eventually

pytestmark = pytest.mark.django_db(transaction=True)
HIDES = {"hidden_categories": ["garden"]}


@pytest.fixture(autouse=True)
def _no_memory_of_outages(monkeypatch):
    monkeypatch.setattr(copying, "_breaker", Breaker())


@pytest.fixture
def tenant():
    return Tenant.objects.get(slug="default")


def in_redis(client):
    start = keys.preferences("default", "u:")
    return {key.decode().removeprefix(start) for key in client.scan_iter(match=start.replace("{", "\\{") + "*")}


def in_postgres():
    return set(User.objects.exclude(preferences={}).values_list("external_id", flat=True))


def test_whoever_writes_the_copy_follows(redis_client, tenant):
    user = User.objects.create(external_id="orm", preferences=HIDES)
    assert in_redis(redis_client) == {"orm"}
    User.objects.bulk_create([User(external_id="bulk", preferences=HIDES), User(external_id="none")])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET external_id = 'sql' WHERE external_id = 'orm'")
    settle_shoppers()
    assert in_redis(redis_client) == {"sql", "bulk"}
    user.delete()
    assert in_redis(redis_client) == {"bulk"}
    assert not PreferencesChange.objects.exists()


def test_a_redis_that_is_away_delays_the_copy_and_rejects_nothing(client, redis_client, settings, tenant):
    settings.REDIS_URL, url = "redis://127.0.0.1:1/0", settings.REDIS_URL
    answer = client.patch("/api/users/7/preferences", HIDES, "application/json")
    assert (answer.status_code, answer.json()["hidden_categories"]) == (200, ["garden"])
    settings.REDIS_URL = url
    settle_shoppers()
    assert in_redis(redis_client) == {"7"}
    assert not PreferencesChange.objects.exists()


@pytest.mark.parametrize("n", [3, 2100])
def test_what_redis_lost_is_written_again(redis_client, tenant, n):
    User.objects.bulk_create([User(external_id=str(number), preferences=HIDES) for number in range(n)])
    settle_shoppers()
    redis_client.flushall()
    settle_shoppers()
    assert in_redis(redis_client) == in_postgres()
    assert len(in_postgres()) == n


def test_a_call_that_was_given_up_does_nothing_when_it_arrives_late(redis_client, tenant):
    User.objects.create(external_id="7", preferences=HIDES)
    mark = PreferencesCopy.objects.get(tenant=tenant).n_writes
    User.objects.get(external_id="7").delete()
    assert not copies.write("default", {"u:7": b"{}"}, expect=str(mark), after=str(mark + 1))
    assert in_redis(redis_client) == set()


def test_a_rebuild_of_the_live_state_leaves_them(redis_client, tenant):
    User.objects.create(external_id="7", preferences=HIDES)
    with generations.new_generation("default") as name:
        generations.put_in_force("default", name)
    assert in_redis(redis_client) == {"7"}
    assert redis_client.get(keys.preferences_mark("default"))


def test_another_tenants_copies_are_left_alone(redis_client, tenant):
    redis_client.set(keys.preferences("other", "u:7"), b"{}")
    redis_client.set("sdr:{default}:feed", b"")
    settle_shoppers()
    copies.begin_anew("default", "lost")
    settle_shoppers()
    assert redis_client.exists(keys.preferences("other", "u:7"))


STEPS = st.lists(
    st.tuples(st.sampled_from(["write", "clear", "delete", "settle", "save", "restore", "flush"]), st.integers(1, 4)),
    max_size=25,
)


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS)
def test_whatever_happened_one_settling_makes_both_agree(redis_client, tenant, steps):
    redis_client.flushall()
    User.objects.all().delete()
    saved = {}
    for what, number in steps:
        users = User.objects.filter(external_id=str(number))
        if what == "write":
            _, created = User.objects.get_or_create(external_id=str(number), defaults={"preferences": HIDES})
            if not created:
                users.update(preferences=HIDES | {"favorite_categories": [str(number)]})
        elif what == "clear":
            users.update(preferences={})
        elif what == "delete":
            users.delete()
        elif what == "settle":
            settle_shoppers()
        elif what == "save":
            saved = {key: redis_client.dump(key) for key in redis_client.scan_iter()}
        elif what in {"restore", "flush"}:
            redis_client.flushall()
            for key, value in saved.items() if what == "restore" else ():
                redis_client.restore(key, 0, value)
    settle_shoppers()
    assert eventually(lambda: in_redis(redis_client) == in_postgres(), seconds=0.5)
