"""What every list may be asked for over REST."""

import pytest

from catalog.models import Product
from tests.eventually import eventually

LISTS = ["recommendations/by-sku/kettle/red", "users/u-7/recommendations", "trending"]


@pytest.fixture
def get(client):
    def ask(path, **query):
        response = client.get(f"/api/{path}", query)
        return response.status_code, response.json()

    return ask


def products(body):
    return [item["product"] for item in body.get("recommendations", body.get("trending"))]


def skus(body):
    return [product["sku"] for product in products(body)]


@pytest.mark.parametrize("path", LISTS)
def test_what_is_excluded_is_not_shown_however_it_is_named(get, indexed_shop, path):
    ids = [indexed_shop.id_of(sku) for sku in ("teapot", "wok", "mat")]
    _, body = get(path, limit=100, exclude=[f"{ids[0]},{ids[1]}", str(ids[2])])
    assert not {"teapot", "wok", "mat"} & set(skus(body))
    assert len(skus(body)) >= 5


def test_excluding_a_product_excludes_its_variants(get, indexed_shop):
    _, body = get("recommendations/by-sku/wok", limit=100, exclude=indexed_shop.id_of("kettle/blue"))
    assert not {"kettle/red", "kettle/blue"} & set(skus(body))


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("category", ["home-kitchen-pans", "HOME > kitchen > pans", "Pans"])
def test_a_category_far_away_is_still_filled_from(get, indexed_shop, path, category):
    assert set(skus(get(path, category=category)[1])) == {"wok", "skillet"}


def test_the_hottest_of_the_category_that_is_asked_for_come_first(get, indexed_shop):
    indexed_shop.click("skillet", times=9)
    eventually(lambda: indexed_shop.clicks_seen("skillet") == 9)
    assert skus(get("recommendations/by-sku/gift", category="pans")[1]) == ["skillet", "wok"]


@pytest.mark.parametrize("path", LISTS)
def test_prices_hold_and_an_unknown_one_fails(get, indexed_shop, path):
    _, body = get(path, limit=100, min_price=29.5, max_price=50)
    assert products(body)
    assert all(29.5 <= product["price"] <= 50 for product in products(body))


def test_stock_is_as_the_profile_says_unless_the_request_does(get, indexed_shop):
    path = "recommendations/by-sku/kettle/red"
    shown = {value: set(skus(get(path, limit=100, in_stock=value)[1])) for value in ("", "true", "false")}
    assert shown[""] == shown["true"]
    assert shown["false"] - shown[""] == {"old kettle"}
    assert Product.objects.get(sku="old kettle").in_stock is False


@pytest.mark.parametrize("path", [*LISTS, "recommendations/by-sku/wok/explain"])
@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("exclude", ["abc", "1,,x", "-1", "1.5", "9" * 40, ",".join(map(str, range(1, 1002)))]),
        ("category", ["Submarines", "x" * 601]),
        ("min_price", ["-1", "abc", "nan", "inf"]),
        ("max_price", ["-1", "1e999", "0x1"]),
        ("in_stock", ["perhaps"]),
        ("evidence", ["2"]),
        ("limit", ["0", "101"]),
        ("session_id", ["s" * 201]),
    ],
)
def test_a_bad_value_is_refused_and_its_field_named(get, indexed_shop, path, field, values):
    for value in values:
        status, body = get(path, candidate=indexed_shop.id_of("mat"), **{field: value})
        assert (status, list(body["error"]["fields"])) == (400, [field]), value


@pytest.mark.parametrize("path", LISTS)
def test_prices_the_wrong_way_round_are_refused(get, indexed_shop, path):
    status, body = get(path, min_price=5, max_price=4)
    assert (status, list(body["error"]["fields"])) == (400, ["max_price"])


def test_evidence_comes_where_it_is_asked_for_and_adds_up(get, indexed_shop):
    path = "recommendations/by-sku/kettle/red"
    assert all("evidence" not in item for item in get(path)[1]["recommendations"])
    _, body = get(path, limit=100, evidence=1)
    scored = [item for item in body["recommendations"] if item["evidence"]]
    assert {item["product"]["sku"] for item in scored} >= {"teapot", "gooseneck"}
    for item in scored:
        contributions = [term["contribution"] for term in item["evidence"]["terms"]]
        assert round(sum(contributions), 6) == item["score"]
    shared = {shared["text"] for shared in scored[0]["evidence"]["terms"][0]["shared"]}
    assert "kettle" in shared or "enamel" in shared
