"""Who signs in has done what the session did, everywhere and for good."""

import json

import pytest

from events.models import Interaction, PendingAct, SessionMerge
from events.shoppers import telling
from events.tasks import settle_shoppers
from sdr import clock
from sdr.accounts.models import User


@pytest.fixture
def merged(shop):
    shop.send(1, session="s-9")
    shop.send(2, session="s-9", kind="dislike")
    shop.send(3, user="u-7")
    shop.work_off()
    shop.answer = shop.merge("u-7", "s-9")
    return shop


def assert_merged(shop):
    assert sorted(shop.recent("u:u-7")) == [1, 3]
    assert set(shop.state("u:u-7").marks) == {"dislike:2"}
    assert (shop.state("s:s-9").recent, shop.state("s:s-9").marks) == ([], {})
    assert {product: n for product, n in shop.clicks().items() if n} == {1: 1, 3: 1}


def test_it_goes_to_the_user_at_once(merged):
    assert_merged(merged)
    assert merged.answer == {
        "user_id": "u-7",
        "session_id": "s-9",
        "interactions": 2,
        "live_state": {"recent": 1, "marks": 1},
        "pending": [],
    }
    assert User.objects.get(external_id="u-7").behavior_history.count() == 3


def test_again_and_nothing_is_left_to_go(merged):
    again = merged.merge("u-7", "s-9")
    assert (again["interactions"], again["live_state"]) == (0, {"recent": 0, "marks": 0})
    assert_merged(merged)


def test_working_on_and_settling_change_nothing(merged):
    merged.work_off()
    PendingAct.objects.update(made_at=clock.now() - telling.SECOND_TIME_AFTER)
    settle_shoppers()
    assert_merged(merged)
    assert not PendingAct.objects.exists()


def test_what_was_under_way_goes_along(shop):
    shop.send(1, session="s-9")
    shop.send(2, session="s-9", kind="dislike")
    shop.send(3, user="u-7")
    assert shop.merge("u-7", "s-9")["live_state"] == {"recent": 0, "marks": 0}
    shop.work_off()
    assert_merged(shop)
    assert Interaction.objects.filter(user__external_id="u-7").count() == 3


def test_what_the_session_does_later_is_not_the_users(merged):
    merged.send(8, session="s-9")
    merged.work_off()
    assert (merged.recent("s:s-9"), 8 in merged.recent("u:u-7")) == ([8], False)
    merged.send(9, user="u-7", session="s-9")
    merged.work_off()
    assert merged.recent("u:u-7")[0] == 9


@pytest.mark.parametrize("source", ["kafka", "archive", "both"])
def test_a_rebuild_knows_of_it(merged, source):
    merged.work_off()
    merged.rebuild(from_archive=source != "kafka", source=None if source == "archive" else merged.source())
    assert_merged(merged)


def test_reading_all_of_it_again_knows_of_it(merged, redis_client):
    redis_client.flushall()
    merged.start_consumers()
    merged.consume()
    assert_merged(merged)


def test_whoever_is_erased_takes_the_sessions_along(merged):
    merged.erase("u-7")
    merged.work_off()
    for name in ("u:u-7", "s:s-9"):
        assert (merged.state(name).recent, merged.state(name).marks) == ([], {})
    for source in (None, merged.source()):
        merged.rebuild(source=source)
        assert (merged.recent("u:u-7"), merged.recent("s:s-9")) == ([], [])
    assert not Interaction.objects.exclude(user=None, session_id=None).exists()
    assert not SessionMerge.objects.exists()
    assert not User.objects.filter(external_id="u-7").exists()


@pytest.mark.parametrize("body", [{}, {"session_id": ""}, {"session_id": 9}, {"session_id": "x" * 201}, ["s-9"]])
def test_a_session_has_to_be_named(shop, body):
    answer = shop.api.post("/api/users/u-7/merge", json.dumps(body), "application/json")
    assert answer.status_code == 400
    assert "session_id" in answer.json()["error"]["fields"]
    assert not User.objects.exists()


def test_an_export_is_everything(merged):
    merged.api.patch("/api/users/u-7/preferences", {"hidden_categories": ["garden"]}, "application/json")
    answer = merged.api.get("/api/users/u-7/export")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    export = json.loads(b"".join(answer.streaming_content))
    assert export["user"]["external_id"] == "u-7"
    assert export["preferences"]["hidden_categories"] == ["garden"]
    assert sorted(p["product_id"] for p in export["live_state"]["recent"]) == [1, 3]
    assert [(m["kind"], m["product_id"]) for m in export["live_state"]["marks"]] == [("dislike", 2)]
    assert export["sessions"] == ["s-9"]
    assert sorted(e["kind"] for e in export["history"]) == ["click", "click", "dislike"]


def test_the_export_of_a_stranger_is_empty_and_needs_redis(shop, settings):
    export = json.loads(b"".join(shop.api.get("/api/users/u-9/export").streaming_content))
    assert (export["user"], export["history"], export["live_state"]) == (None, [], {"recent": [], "marks": []})
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert shop.api.get("/api/users/u-9/export").status_code == 503
