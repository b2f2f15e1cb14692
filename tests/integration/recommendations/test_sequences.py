"""What shoppers went on to: learned lists show in answers, are held and followed, and their absence is told."""

import socket

import pytest

from events.live.sequences.kinds import Following
from events.live.sequences.lists import read_lists
from recommendations import serving
from recommendations.models import ScoringProfile
from recommendations.services import ProductQuery, UserQuery, recommend_for_product, recommend_for_user
from sdr import connections, metrics, quick_redis
from sdr.accounts.models import Tenant
from tests.eventually import eventually
from tests.integration.recommendations.shop import Shop

pytestmark = pytest.mark.usefixtures("_patient")

PAGE = "recommendations/by-sku/teapot"


@pytest.fixture
def get(client):
    def ask(path, status=200, **query):
        response = client.get(f"/api/{path}", query)
        assert response.status_code == status, response.content
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


def skus(body):
    return [item["product"]["sku"] for item in body["recommendations"]]


def first(body):
    item = body["recommendations"][0]
    return item["product"]["sku"], item["reason_code"], item["reason"]


def test_what_shoppers_went_on_to_stands_first_and_says_so(get, indexed_shop):
    indexed_shop.follow("teapot", {"mat": 9.0, "wok": 5.0}, times=4)
    body = get(PAGE, evidence=1)
    assert first(body) == ("mat", "also_viewed", "Viewed next by shoppers who viewed Enamel teapot")
    assert body["degraded"] == []
    top = body["recommendations"][0]
    (sequence,) = (term for term in top["evidence"]["terms"] if term["term"] == "sequence")
    (part,) = sequence["parts"]
    (lead,) = part["lists"]
    assert (part["term"], lead["product_id"], lead["name"], lead["times"], lead["share"], lead["value"]) == (
        "also_viewed", indexed_shop.id_of("teapot"), "Enamel teapot", 4, 1.0, 1.0,
    )  # fmt: skip
    assert sum(term["contribution"] for term in top["evidence"]["terms"]) == pytest.approx(top["score"])


def test_each_strategy_has_its_own_first_and_fills_the_list(get, indexed_shop):
    indexed_shop.click("gooseneck", times=9)
    indexed_shop.follow("teapot", {"mat": 9.0})
    indexed_shop.follow("teapot", {"wok": 9.0}, kind=Following.BOUGHT)
    indexed_shop.follow("teapot", {"strap": 9.0}, kind=Following.ENDED)
    eventually(lambda: indexed_shop.clicks_seen("gooseneck") == 9)
    answers = {name: get(PAGE, strategy=name, limit=6) for name in (
        "hybrid", "similar", "also_viewed", "bought_together", "trending",
    )}  # fmt: skip
    assert {name: first(body)[:2] for name, body in answers.items()} == {
        "hybrid": ("mat", "also_viewed"),
        "similar": ("kettle/red", "similar"),
        "also_viewed": ("mat", "also_viewed"),
        "bought_together": ("wok", "bought_together"),
        "trending": ("gooseneck", "trending"),
    }
    assert all(len(skus(body)) == 6 for body in answers.values())
    second = answers["bought_together"]["recommendations"][1]
    assert (second["product"]["sku"], second["reason"]) == ("strap", "Bought by shoppers who viewed Enamel teapot")
    told = get(f"{PAGE}/explain", strategy="also_viewed", candidate_sku="wok", limit=1)
    assert told["dropped"] == {
        "stage": "candidates", "rule": "not_a_candidate", "shown_product_id": None, "score_to_beat": None,
    }  # fmt: skip


def test_an_unknown_strategy_is_refused_by_name(get, indexed_shop):
    for path in (PAGE, f"{PAGE}/explain"):
        error = get(path, 400, strategy="best", candidate_sku="wok")["error"]
        assert error["fields"].keys() == {"strategy"}
    assert skus(get(PAGE, strategy="")) == skus(get(PAGE, strategy="hybrid"))


def test_filters_hold_for_what_shoppers_went_on_to(get, indexed_shop):
    followers = dict.fromkeys(("old kettle", "no kettle", "kettle/red", "kettle/blue", "mat", "strap"), 9.0)
    indexed_shop.follow("teapot", followers)
    indexed_shop.follow("teapot", {999_999: 99.0, "wok": 9.0}, kind=Following.BOUGHT)
    for strategy in ("hybrid", "also_viewed", "bought_together"):
        shown = skus(get(PAGE, strategy=strategy, limit=100, exclude=indexed_shop.id_of("strap")))
        assert not {"old kettle", "no kettle", "strap", "teapot"} & set(shown)
        assert len({"kettle/red", "kettle/blue"} & set(shown)) == 1


def test_a_session_is_led_by_where_it_came_from(get, indexed_shop):
    indexed_shop.follow("wok", {"strap": 9.0})
    alone = skus(get(PAGE))
    indexed_shop.click("wok", shoppers=("s:s-1",))
    in_session = get(PAGE, session_id="s-1")
    assert alone[0] != "strap"
    assert first(in_session) == ("strap", "also_viewed", "Viewed next by shoppers who viewed Carbon steel wok")


def test_a_users_page_goes_by_the_last_products_the_newest_most(get, indexed_shop):
    indexed_shop.follow("wok", {"strap": 9.0})
    indexed_shop.follow("teapot", {"mat": 9.0})
    indexed_shop.click("wok", shoppers=("u:u-7",))
    indexed_shop.click("teapot", shoppers=("u:u-7",))
    assert skus(get("users/u-7/recommendations"))[:2] == ["mat", "strap"]
    ScoringProfile.objects.create(tenant=indexed_shop.tenant, n_sequence=1)
    eventually(lambda: indexed_shop.serving()[0].weights.n_sequence == 1)
    assert skus(get("users/u-7/recommendations", limit=3))[0] == "mat"
    assert "also_viewed" not in {
        item["reason_code"] for item in get("users/u-7/recommendations")["recommendations"][1:]
    }


def test_a_list_that_changes_is_followed_and_asks_nobody(get, indexed_shop, trips):
    indexed_shop.until_live()
    assert first(get(PAGE))[0] != "mat"
    del trips[:]
    indexed_shop.follow("teapot", {"mat": 9.0})
    eventually(lambda: first(get(PAGE))[0] == "mat", seconds=2)
    assert len(trips) == 1  # the mirror's
    get(PAGE)
    assert len(trips) == 1


def test_followers_that_may_have_missed_something_read_all_anew(get, indexed_shop):
    indexed_shop.follow("teapot", {"mat": 9.0})
    indexed_shop.until_live()
    assert first(get(PAGE))[0] == "mat"
    indexed_shop.follow("teapot", {"strap": 9.0}, is_told=False)
    connections.redis_client().delete(indexed_shop.sequence_feed)
    eventually(lambda: first(get(PAGE))[0] == "strap", seconds=2)


def test_without_redis_only_what_is_not_held_is_lacking(get, indexed_shop, settings):
    indexed_shop.follow("teapot", {"mat": 9.0})
    indexed_shop.until_live()
    held = get(PAGE)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    before = metrics.DEGRADED.labels(reason="sequences")._value.get()
    assert skus(get(PAGE)) == skus(held)
    assert "sequences" not in get(PAGE)["degraded"]
    other = get("recommendations/by-sku/wok", limit=3)
    assert "sequences" in other["degraded"]
    assert len(skus(other)) == 3
    assert metrics.DEGRADED.labels(reason="sequences")._value.get() == before + 1
    assert {"sequences", "shopper_state"} <= set(get("recommendations/by-sku/wok", user_id="u-7")["degraded"])


def test_one_tenants_lists_are_not_anothers(indexed_shop, get):
    rows = [{"sku": "wok", "name": "Wok"}, {"sku": "pan", "name": "Pan"}, {"sku": "lid", "name": "Lid"}]
    other = Shop(Tenant.objects.create(slug="other", name="Other"), rows)
    other.rebuild()
    other.follow("wok", {"lid": 9.0})
    query = ProductQuery("other", other.tenant.pk, sku="wok")
    assert recommend_for_product(query).items[0].reason_code == "also_viewed"
    assert read_lists("default", [(Following.VIEWED, other.id_of("wok"))], timeout_seconds=5)
    assert "also_viewed" not in {item["reason_code"] for item in get("recommendations/by-sku/wok")["recommendations"]}
    assert recommend_for_user(UserQuery("other", other.tenant.pk, user_id="u-7")).items


def test_a_warm_page_with_lists_needs_no_network(indexed_shop, monkeypatch):
    indexed_shop.follow("teapot", {"mat": 9.0})
    indexed_shop.until_live()
    query = ProductQuery("default", indexed_shop.tenant.pk, sku="teapot")
    warm = recommend_for_product(query)
    process = serving._process.get()
    process._stopping.set()
    for thread in process._threads:
        thread.join()

    def refuse(*args, **kwargs):
        raise AssertionError("a socket was used")

    with monkeypatch.context() as patched:
        for method in ("connect", "connect_ex", "send", "sendall", "sendto", "recv", "recv_into"):
            patched.setattr(socket.socket, method, refuse)
        answer = recommend_for_product(query)
    assert answer.items == warm.items
    assert answer.items[0].reason_code == "also_viewed"


def test_a_merchandiser_can_switch_lists_off(get, indexed_shop, trips):
    ScoringProfile.objects.create(tenant=indexed_shop.tenant, sequence=0.0)
    indexed_shop.follow("teapot", {"mat": 9.0})
    eventually(lambda: indexed_shop.serving()[0].weights.sequence == 0.0)
    del trips[:]
    assert first(get(PAGE))[0] != "mat"
    assert trips == []
    assert first(get(PAGE, strategy="also_viewed"))[0] == "mat"
