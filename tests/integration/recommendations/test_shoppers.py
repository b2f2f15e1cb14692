"""Lists for somebody: what the live state knows of a shopper shows in the very next answer."""

import socket

import pytest

from recommendations import serving
from recommendations.models import ScoringProfile
from recommendations.services import ProductQuery, recommend_for_product
from sdr import metrics
from tests.eventually import eventually
from tests.integration.recommendations.shop import ROWS

pytestmark = pytest.mark.usefixtures("_patient")

SELLABLE = {row["sku"] for row in ROWS} - {"old kettle", "no kettle"}
PAGE = "recommendations/by-sku/teapot"
EVERY_DOOR = ["recommendations/by-sku/wok", "users/u-7/recommendations", "trending"]


@pytest.fixture
def get(client):
    def ask(path, **query):
        response = client.get(f"/api/{path}", query)
        assert response.status_code == 200, response.content
        return response.json()

    return ask


def items_of(body):
    return body.get("recommendations", body.get("trending"))


def skus(body):
    return [item["product"]["sku"] for item in items_of(body)]


def reasons(body):
    return {item["product"]["sku"]: (item["reason_code"], item["reason"]) for item in body["recommendations"]}


def degraded_answers():
    return metrics.DEGRADED.labels(reason="shopper_state")._value.get()


def test_a_user_is_shown_what_is_like_what_they_looked_at_and_told_why(get, indexed_shop):
    indexed_shop.click("teapot", shoppers=("u:u-7",))
    body = get("users/u-7/recommendations", limit=3)
    assert list(body) == ["recommendations", "recommendation_id", "index_version", "degraded"]
    assert set(skus(body)[:3]) & {"kettle/red", "kettle/blue", "gooseneck"}
    assert reasons(body)[skus(body)[0]] == ("behaviour", "Because you looked at Enamel teapot")


def test_what_was_looked_at_comes_last(get, indexed_shop):
    indexed_shop.click("teapot", shoppers=("u:u-7",))
    indexed_shop.click("mat", shoppers=("u:u-7",))
    body = get("users/u-7/recommendations", limit=100)
    assert skus(body)[-2:] == ["mat", "teapot"]
    assert reasons(body)["mat"] == ("behaviour", "You looked at this recently")
    assert len(skus(body)) == len(SELLABLE) - 1  # one kettle of two


def test_an_unknown_user_gets_what_the_shop_likes(get, indexed_shop):
    indexed_shop.click("mat", times=3)
    eventually(lambda: indexed_shop.clicks_seen("mat") == 3)
    body = get("users/nobody-yet/recommendations")
    assert (skus(body)[0], body["recommendations"][0]["reason_code"]) == ("mat", "popular")
    assert len(skus(body)) == 5


def test_a_session_counts_as_the_user_does(get, indexed_shop):
    indexed_shop.click("teapot", shoppers=("s:s-1",))
    assert skus(get("users/u-8/recommendations"))[0] != skus(get("users/u-8/recommendations", session_id="s-1"))[0]


def test_the_product_page_leans_to_what_the_shopper_looked_at_and_likes(get, indexed_shop):
    indexed_shop.click("gooseneck", shoppers=("u:u-7",))
    indexed_shop.prefer("u-8", favorite_categories=["home-kitchen-pans"])
    scores = {
        user: {item["product"]["sku"]: item["score"] for item in items_of(get(PAGE, limit=100, user_id=user))}
        for user in ("", "u-7", "u-8")
    }
    assert scores["u-7"]["strainer"] > scores[""]["strainer"] * 0.75
    assert scores["u-8"]["strainer"] == pytest.approx(scores[""]["strainer"] * 0.75, abs=1e-6)


@pytest.mark.parametrize("path", EVERY_DOOR)
def test_hidden_categories_and_dislikes_hold_in_the_very_next_answer(get, indexed_shop, path):
    before = set(skus(get(path, limit=100, user_id="u-7")))
    assert {"wok", "skillet", "mat"} & before
    indexed_shop.prefer("u-7", hidden_categories=["home-kitchen-pans", "no-such-category"])
    indexed_shop.click("mat", shoppers=("u:u-7",), mark="dislike")
    user = {} if path.startswith("users") else {"user_id": "u-7"}
    assert set(skus(get(path, limit=100, **user))) == before - {"wok", "skillet", "mat"}


def test_what_was_bought_is_not_shown_in_any_variant_unless_the_profile_says_so(get, indexed_shop):
    indexed_shop.click("kettle/red", shoppers=("u:u-7",), mark="purchase")
    path = "recommendations/by-sku/teapot"
    assert not {"kettle/red", "kettle/blue"} & set(skus(get(path, limit=100, user_id="u-7")))
    ScoringProfile.objects.create(tenant=indexed_shop.tenant, hide_purchased=False)
    eventually(lambda: {"kettle/red", "kettle/blue"} & set(skus(get(path, limit=100, user_id="u-7"))))


def test_without_redis_the_answer_comes_without_the_shopper_and_says_so(get, indexed_shop, settings):
    indexed_shop.until_live()
    indexed_shop.click("mat", shoppers=("u:u-7",))
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    before = degraded_answers()
    body = get("users/u-7/recommendations")
    assert "shopper_state" in body["degraded"]
    assert len(skus(body)) == 5
    assert degraded_answers() == before + 1
    assert "shopper_state" not in get("recommendations/by-sku/wok")["degraded"]


def test_a_product_page_for_nobody_in_particular_needs_no_network(indexed_shop, monkeypatch):
    indexed_shop.until_live()
    query = ProductQuery("default", indexed_shop.tenant.pk, sku="kettle/red", exclude=(1,), category="Tea")
    warm = recommend_for_product(query)
    serving._process.get()._stopping.set()  # the threads that follow servers may use them
    for thread in serving._process.get()._threads:
        thread.join()

    def refuse(*args, **kwargs):
        raise AssertionError("a socket was used")

    with monkeypatch.context() as patched:
        for method in ("connect", "connect_ex", "send", "sendall", "sendto", "recv", "recv_into"):
            patched.setattr(socket.socket, method, refuse)
        patched.setattr("django.db.backends.utils.CursorWrapper.execute", refuse)
        with socket.socket() as refused, pytest.raises(AssertionError, match="socket"):
            refused.connect(("127.0.0.1", 9))
        answer = recommend_for_product(query)
    assert [item.card for item in answer.items] == [item.card for item in warm.items] != []
