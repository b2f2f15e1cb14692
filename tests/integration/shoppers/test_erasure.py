"""An erased user is gone at once, stays gone whatever is read again, and may come back in person."""

from urllib.parse import quote

import pytest

from events.broker.base import Partition
from events.kinds import TOPICS
from events.live import keys
from events.models import ArchiveOffset, Interaction, PendingAct
from events.shoppers import telling
from events.tasks import settle_shoppers
from sdr import clock
from sdr.accounts.models import Tenant, Tombstone, User
from sdr.exceptions import Unavailable
from sdr.idempotency.models import StoredAnswer
from tests.factories import make_tenant


@pytest.fixture
def erased(shop):
    """Somebody did things, with and without signing in, and was erased; the neighbour stays."""
    shop.send(3, session="s-1")
    shop.send(1, user="u-7", session="s-1")
    shop.send(2, user="u-7", kind="purchase")
    shop.send(1, user="u-8")
    shop.api.patch("/api/users/u-7/preferences", {"hidden_categories": ["garden"]}, "application/json")
    shop.work_off()
    shop.receipt = shop.erase("u-7")
    return shop


def assert_gone(shop):
    for name in ("u:u-7", "s:s-1"):
        assert (shop.state(name).recent, shop.state(name).marks, shop.steps(name)) == ([], {}, [])
    assert not User.objects.filter(external_id="u-7").exists()
    named = Interaction.objects.exclude(user=None, session_id=None)
    assert set(named.values_list("user__external_id", "session_id")) == {("u-8", None)}
    assert shop.clicks() == {1: 2, 2: 0, 3: 1}
    assert shop.recent("u:u-8") == shop.steps("u:u-8") == [1]


def snapshot(client):
    return {key: client.dump(key) for key in client.scan_iter()}


def restore(client, saved):
    client.flushall()
    for key, value in saved.items():
        client.restore(key, 0, value)


def test_it_is_gone_at_once_and_the_receipt_says_what(erased, redis_client):
    assert_gone(erased)
    assert Interaction.objects.count() == 4
    assert not redis_client.exists(keys.preferences("default", "u:u-7"))
    receipt = erased.receipt
    assert receipt["removed"] == {
        "postgres": {"users": 1, "preferences": 1, "interactions": 3, "sessions": 1, "answers": 0},
        "redis": {"recent": 4, "marks": 1},
    }
    assert receipt["pending"] == []
    assert {bytes(t.name_hash).hex() for t in Tombstone.objects.all()} > {receipt["tombstone"]}


def test_no_name_is_kept_once_it_is_settled(erased, redis_client):
    PendingAct.objects.update(made_at=clock.now() - telling.SECOND_TIME_AFTER)
    settle_shoppers()
    assert not PendingAct.objects.exists()
    assert not [key for key in redis_client.scan_iter() if b"u-7" in key]


def test_answers_that_were_kept_for_repeated_writes_go_too(shop):
    send, key = shop.api.patch, {"HTTP_IDEMPOTENCY_KEY": "k-1"}
    send("/api/users/u-7/preferences", {"hidden_categories": ["garden"]}, "application/json", **key)
    shop.api.post("/api/users/u-7/merge", {"session_id": "s-1"}, "application/json", HTTP_IDEMPOTENCY_KEY="k-2")
    send("/api/users/u-8/preferences", {}, "application/json", HTTP_IDEMPOTENCY_KEY="k-3")
    erasure = shop.api.delete("/api/users/u-7", HTTP_IDEMPOTENCY_KEY="k-4")
    assert erasure.json()["removed"]["postgres"]["answers"] == 2
    kept = StoredAnswer.objects.order_by("key")
    assert [answer.key for answer in kept] == ["k-3", "k-4"]
    assert b"u-7" not in b"".join(bytes(answer.body) for answer in kept)
    again = shop.api.delete("/api/users/u-7", HTTP_IDEMPOTENCY_KEY="k-4")
    assert (again.json(), again["Idempotency-Replayed"]) == (erasure.json(), "true")


def test_erasing_again_finds_nothing_and_does_no_harm(erased):
    again = erased.erase("u-7")["removed"]
    assert again["postgres"] == dict.fromkeys(again["postgres"], 0)
    assert again["redis"] == {"recent": 0, "marks": 0}
    assert_gone(erased)


def test_nothing_comes_back_by_working_on(erased):
    erased.work_off()
    assert_gone(erased)


def test_nothing_comes_back_by_reading_all_of_it_again(erased, redis_client):
    redis_client.flushall()
    erased.start_consumers()
    erased.consume()
    assert_gone(erased)


@pytest.mark.parametrize("source", ["kafka", "archive", "both"])
def test_nothing_comes_back_by_a_rebuild(erased, redis_client, source):
    erased.work_off()
    erased.rebuild(from_archive=source != "kafka", source=None if source == "archive" else erased.source())
    assert_gone(erased)
    erased.work_off()
    assert_gone(erased)


def test_nothing_comes_back_by_a_redis_from_before(shop, redis_client):
    shop.send(1, user="u-7", session="s-1")
    shop.send(3, session="s-1")
    shop.send(2, user="u-7", kind="purchase")
    shop.send(1, user="u-8")
    shop.work_off()
    saved = snapshot(redis_client)
    shop.erase("u-7")
    shop.work_off()
    restore(redis_client, saved)
    assert shop.recent("u:u-7")
    shop.consume()  # it finds out that Redis went back
    shop.consume()
    assert_gone(shop)


def test_nothing_comes_back_by_a_postgres_from_before(erased):
    """The archive reads again what it had, and learns of the erasure as it did of the events."""
    Interaction.objects.all().delete()
    Tombstone.objects.all().delete()
    User.objects.all().delete()
    ArchiveOffset.objects.all().delete()
    erased.start_consumers()
    erased.archive()
    assert_gone(erased)
    assert Interaction.objects.count() == 4
    assert Tombstone.objects.count() == 2


def test_what_was_under_way_counts_for_products_and_for_nobody(shop):
    shop.send(3, session="s-1")
    shop.send(1, user="u-7", session="s-1")
    shop.send(1, user="u-8")
    shop.archive()
    shop.send(2, user="u-7", session="s-1", kind="purchase")  # nobody has read it when the user goes
    assert shop.erase("u-7")["removed"]["redis"] == {"recent": 0, "marks": 0}
    shop.work_off()
    assert_gone(shop)


def test_a_consumer_that_had_not_heard_of_it_forgets_when_it_meets_it(shop, monkeypatch):
    shop.send(1, user="u-8")
    shop.consume()  # it has just looked for tombstones, and will not look again for a while
    shop.send(1, user="u-7", session="s-1")
    shop.erase("u-7")
    shop.consume()
    assert (shop.recent("u:u-7"), shop.clicks()) == ([], {1: 2})


def test_events_from_before_that_are_sent_after_are_nobodys(erased):
    erased.send(5, user="u-7", occurred_at=erased.receipt["erased_at"])
    erased.work_off()
    assert erased.recent("u:u-7") == []
    assert not User.objects.filter(external_id="u-7").exists()
    assert erased.clicks()[5] == 1


def test_who_comes_back_begins_anew(erased, redis_client):
    erased.send(9, user="u-7", session="s-2")
    erased.api.patch("/api/users/u-7/preferences", {"favorite_categories": ["home"]}, "application/json")
    erased.work_off()
    assert erased.recent("u:u-7") == [9]
    assert [i.product_id for i in User.objects.get(external_id="u-7").behavior_history] == [9]
    for source in (None, erased.source()):
        erased.rebuild(source=source)
        assert (erased.recent("u:u-7"), erased.recent("s:s-2"), erased.recent("s:s-1")) == ([9], [9], [])
    settle_shoppers()
    assert erased.recent("u:u-7") == [9]


def test_without_redis_and_kafka_it_is_promised_and_kept(shop, redis_client, settings, monkeypatch):
    shop.send(1, user="u-7")
    shop.work_off()
    url, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:1/0"
    monkeypatch.setattr(telling, "publisher", lambda: (_ for _ in ()).throw(Unavailable("gone")))
    assert shop.erase("u-7")["pending"] == ["redis", "kafka"]
    settings.REDIS_URL = url
    assert shop.recent("u:u-7") == [1]
    settle_shoppers()
    assert shop.recent("u:u-7") == []
    monkeypatch.setattr(telling, "publisher", lambda: shop.broker)
    settle_shoppers()
    logs = [shop.broker.logs[Partition(topic, n)] for topic in TOPICS for n in range(shop.broker.n_partitions)]
    assert sum(b"erasure" in record.value for log in logs for record in log) == 2


def test_staff_stay_without_what_made_them_shoppers(shop):
    User.objects.create(username="boss", external_id="u-7", is_staff=True, preferences={"hidden_categories": ["a"]})
    shop.erase("u-7")
    boss = User.objects.get(username="boss")
    assert (boss.external_id, boss.preferences) == (None, {})


@pytest.mark.parametrize("user", ["eu/7", "eu//7", "/7", "7/", "eu/7/history"])
def test_ids_with_slashes_reach_every_door(shop, user):
    path = f"/api/users/{quote(user, safe='')}"
    shop.send(1, user=user)
    shop.send(2, session="s-1")
    shop.work_off()
    changed = shop.api.patch(f"{path}/preferences", {"hidden_categories": ["garden"]}, "application/json")
    assert shop.api.get(f"{path}/preferences").json() == changed.json()
    assert shop.merge(quote(user, safe=""), "s-1")["user_id"] == user
    assert {entry["product_id"] for entry in shop.api.get(f"{path}/history").json()["history"]} == {1, 2}
    assert shop.api.get(f"{path}/export").getvalue().startswith(b'{"user":{"external_id":"%s"' % user.encode())
    if user.endswith("/history"):  # erased in the admin only
        assert shop.api.delete(path).status_code == 405
    else:
        assert shop.erase(quote(user, safe=""))["removed"]["postgres"]["users"] == 1


def test_who_goes_past_a_door_is_told_that_nothing_is_there(shop):
    assert shop.api.get("/api/users/u-7/orders").status_code == 404
    assert shop.api.get("/api/users/u-7").status_code == 405


def test_another_tenants_user_of_the_same_name_stays(shop):
    other = make_tenant("other")
    User.objects.create(tenant=other, external_id="u-7")
    shop.erase("u-7")
    assert User.objects.get().tenant == other
    shop.api.delete("/api/users/u-7")
    salts = set(map(bytes, Tenant.objects.values_list("tombstone_salt", flat=True)))
    assert len(salts) == 2  # of one name, each tenant has another tombstone
