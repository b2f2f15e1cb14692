"""How often an answer waits for another machine."""

import pytest

from sdr import quick_redis
from sdr.connections import redis_client
from tests.integration.recommendations.conftest import (  # noqa: F401  fixtures
    _clean_place,
    _patient,
    client,
    indexed_shop,
    shop,
    tenant,
)

pytestmark = pytest.mark.usefixtures("_patient")

PAGE = "recommendations/by-sku/teapot"


@pytest.fixture
def get(client):  # noqa: F811
    def ask(path, **query):
        response = client.get(f"/api/{path}", query)
        assert response.status_code == 200, response.content
        return response.json()

    return ask


@pytest.fixture
def trips(monkeypatch):
    """The round trips that answers made to Redis."""
    made = []
    run = quick_redis.QuickRedis.run

    def counted(self, script, keys, args, **kwargs):
        made.append(script)
        return run(self, script, keys, args, **kwargs)

    monkeypatch.setattr(quick_redis.QuickRedis, "run", counted)
    return made


@pytest.fixture
def asked(indexed_shop, get, trips, django_assert_num_queries):  # noqa: F811
    """Ask once more what was asked before, and return how many round trips to Redis that took; to Postgres none."""
    indexed_shop.until_live()
    indexed_shop.click("mat", shoppers=("u:u-7",))

    def asked(path, *, is_warm=True, **query):
        if is_warm:
            get(path, **query)
        del trips[:]
        with django_assert_num_queries(0):
            get(path, **query)
        return len(trips)

    return asked


def test_a_product_page_and_the_trends_wait_for_nobody(asked):
    assert [asked(PAGE), asked(PAGE, limit=100, category="Sport"), asked("trending", limit=100)] == [0, 0, 0]


def test_who_is_named_costs_one_round_trip(asked):
    assert [asked(PAGE, user_id="u-7"), asked(PAGE, session_id="s-1"), asked("users/u-7/recommendations")] == [1, 1, 1]


def test_user_and_session_cost_one_round_trip_together(asked):
    assert asked(PAGE, user_id="u-7", session_id="s-1") == 1


def test_a_cold_list_costs_one_round_trip_also_with_the_shopper(asked):
    asked("recommendations/by-sku/mat")  # the list of where the user was
    assert asked(PAGE, is_warm=False, user_id="u-7") == 1
    assert asked(PAGE, is_warm=False) == 0
    assert asked("recommendations/by-sku/wok", is_warm=False) == 1


def test_cold_lists_of_where_a_shopper_was_come_together_in_one_more(asked):
    assert asked(PAGE, is_warm=False, user_id="u-7") == 2
    assert asked(PAGE, user_id="u-7") == 1


def test_terms_of_scores_cost_no_round_trip_more(asked):
    assert asked(PAGE, evidence=1) == 0
    assert asked(f"{PAGE}/explain", candidate_sku="wok", user_id="u-7") == 1


def test_a_batch_of_events_is_one_script_call(indexed_shop):  # noqa: F811
    def calls():
        return sum(
            stats["calls"]
            for name, stats in redis_client().info("commandstats").items()
            if name in {"cmdstat_evalsha", "cmdstat_eval", "cmdstat_fcall"}
        )

    indexed_shop.click("mat")
    before = calls()
    indexed_shop.click("mat", times=200, shoppers=("u:u-7", "s:s-1"))
    assert calls() - before == 1
