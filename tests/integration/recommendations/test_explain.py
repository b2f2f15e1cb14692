"""Why is it there, and why not: over REST."""

import pytest

from tests.eventually import eventually

pytestmark = pytest.mark.usefixtures("_patient")


@pytest.fixture
def explain(client, indexed_shop):
    def ask(candidate, sku="kettle/red", **query):
        response = client.get(
            f"/api/recommendations/by-sku/{sku}/explain", {"candidate": indexed_shop.id_of(candidate), **query}
        )
        assert response.status_code == 200, response.content
        return response.json()

    return ask


def dropped(body):
    assert body["position"] is body["reason"] is body["reason_code"] is None
    return body["dropped"]["stage"], body["dropped"]["rule"]


def test_what_is_served_is_explained(client, indexed_shop, explain):
    served = client.get("/api/recommendations/by-sku/kettle/red", {"limit": 3}).json()["recommendations"]
    for position, item in enumerate(served, start=1):
        body = explain(item["product"]["sku"], limit=3)
        assert (body["position"], body["dropped"]) == (position, None)
        assert (body["score"], body["reason_code"]) == (item["score"], item["reason_code"])
        assert body["candidate"] == item["product"]
        assert body["product"]["sku"] == "kettle/red"
        if body["evidence"]:
            assert round(sum(term["contribution"] for term in body["evidence"]["terms"]), 6) == item["score"]


def test_by_id_it_says_the_same(client, indexed_shop, explain):
    ids = indexed_shop.id_of("kettle/red"), indexed_shop.id_of("teapot")
    by_id = client.get(f"/api/recommendations/{ids[0]}/explain", {"candidate": ids[1]}).json()
    by_sku = client.get("/api/recommendations/by-sku/kettle/red/explain", {"candidate_sku": "teapot"}).json()
    assert by_id == by_sku == explain("teapot")


def test_clicks_are_told_with_what_is_left_of_them(indexed_shop, explain):
    indexed_shop.click("gooseneck", times=2)
    eventually(lambda: indexed_shop.clicks_seen("gooseneck") == 2)
    (trend,) = (term for term in explain("gooseneck")["evidence"]["terms"] if term["term"] == "trend")
    clicks, rating = trend["parts"]
    assert clicks["facts"]["clicks"] == 2
    assert 0 < clicks["facts"]["decayed_clicks"] <= 2
    assert clicks["facts"]["peak"] == 5
    assert rating["facts"]["rating"] == pytest.approx(4.8)


def test_the_way_from_recent_products_is_told(indexed_shop, explain):
    for sku in ("mat", "teapot", "strap"):
        indexed_shop.click(sku, shoppers=("u:u-7",))
    (behaviour,) = (t for t in explain("gooseneck", user_id="u-7")["evidence"]["terms"] if t["term"] == "behaviour")
    recent, _ = behaviour["parts"]
    (step,) = (step for step in recent["because"] if step["name"] == "Enamel teapot")
    assert (step["product_id"], step["position"]) == (indexed_shop.id_of("teapot"), 1)
    assert step["value"] == pytest.approx(0.8 * step["cosine"], abs=1e-5)


@pytest.mark.parametrize(
    ("candidate", "query", "rule"),
    [
        ("kettle/red", {}, "itself"),
        ("kettle/blue", {}, "itself"),
        ("no kettle", {}, "inactive"),
        ("old kettle", {}, "out_of_stock"),
        ("mat", {"category": "tea"}, "other_category"),
        ("teapot", {"max_price": 10}, "price"),
        ("strap", {"min_price": 0}, "price"),
    ],
)
def test_the_filter_that_drops_a_product_is_named(explain, candidate, query, rule):
    assert dropped(explain(candidate, **query)) == ("filter", rule)


def test_what_the_shopper_hides_dislikes_or_has_is_named(indexed_shop, explain):
    indexed_shop.prefer("u-7", hidden_categories=["sport-yoga"])
    indexed_shop.click("wok", shoppers=("u:u-7",), mark="dislike")
    indexed_shop.click("teapot", shoppers=("u:u-7",), mark="purchase")
    rules = [dropped(explain(sku, user_id="u-7"))[1] for sku in ("mat", "wok", "teapot")]
    assert rules == ["hidden", "disliked", "purchased"]
    assert dropped(explain("wok", exclude=indexed_shop.id_of("wok"))) == ("filter", "excluded")


def test_a_variant_of_what_is_shown_is_told_which(indexed_shop, explain):
    bodies = [explain(sku, sku="teapot") for sku in ("kettle/red", "kettle/blue")]
    (shown,) = (body for body in bodies if body["position"])
    (other,) = (body for body in bodies if not body["position"])
    assert dropped(other) == ("variants", "variant_of_shown")
    assert other["dropped"]["shown_product_id"] == shown["candidate"]["id"]


def test_what_scores_too_low_is_told_what_to_beat(explain):
    first, second = sorted((explain(sku) for sku in ("teapot", "gooseneck")), key=lambda body: body["position"])
    body = explain(second["candidate"]["sku"], limit=1)
    assert dropped(body) == ("ranking", "below_last_place")
    assert body["dropped"]["score_to_beat"] == first["score"]
    assert body["score"] == second["score"] <= first["score"]


def test_what_was_not_even_considered_is_told_so(explain):
    assert dropped(explain("mat", limit=1)) == ("candidates", "not_a_candidate")


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("recommendations/abc/explain", {"candidate": "1"}, 404),
        ("recommendations/987654/explain", {"candidate": "1"}, 404),
        ("recommendations/by-sku/wok/explain", {}, 400),
        ("recommendations/by-sku/wok/explain", {"candidate": "abc"}, 400),
        ("recommendations/by-sku/wok/explain", {"candidate": "987654"}, 404),
        ("recommendations/by-sku/wok/explain", {"candidate_sku": "unknown"}, 404),
    ],
)
def test_what_cannot_be_explained_is_an_error(client, indexed_shop, path, query, status):
    response = client.get(f"/api/{path}", query)
    assert response.status_code == status
    if status == 400:
        assert list(response.json()["error"]["fields"]) == ["candidate"]


def test_what_the_index_does_not_have_yet_cannot_be_explained_yet(client, indexed_shop):
    indexed_shop.put({"sku": "new", "name": "New"})
    response = client.get("/api/recommendations/by-sku/wok/explain", {"candidate_sku": "new"})
    assert response.status_code == 503
    assert "index_not_ready" in str(response.json())
