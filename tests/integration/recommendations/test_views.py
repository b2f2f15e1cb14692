import pytest

from catalog.models import Category, Product
from tests.eventually import eventually
from tests.integration.recommendations.shop import ROWS, Shop

PRODUCT_FIELDS = [
    "id", "sku", "name", "category", "category_path", "price", "currency", "rating", "tags", "description",
    "image_url", "in_stock",
]  # fmt: skip


@pytest.fixture
def get(client):
    def ask(path, **query):
        response = client.get(f"/api/{path}", query)
        return response.status_code, response.json()

    return ask


def skus(body):
    items = body["recommendations"] if "recommendations" in body else body["trending"]
    return [item["product"]["sku"] for item in items]


def test_recommendations_have_the_contracts_shape(get, indexed_shop):
    indexed_shop.until_live()
    status, body = get(f"recommendations/{indexed_shop.id_of('kettle/red')}")
    assert status == 200
    assert list(body) == ["recommendations", "recommendation_id", "index_version", "degraded"]
    assert len(body["recommendations"]) == 5
    assert body["degraded"] == []
    first = body["recommendations"][0]
    assert list(first) == ["product", "score", "reason", "reason_code"]
    assert list(first["product"]) == PRODUCT_FIELDS
    assert (first["reason"], first["reason_code"]) == ("Similar to your viewed product", "similar")
    assert 0 < first["score"] <= 1


def test_similar_products_come_first_without_variants_and_without_what_cannot_be_bought(get, indexed_shop):
    _, body = get(f"recommendations/{indexed_shop.id_of('kettle/red')}", limit=100)
    assert set(skus(body)[:2]) == {"teapot", "gooseneck"}
    assert set(skus(body)) == {row["sku"] for row in ROWS} - {"kettle/red", "kettle/blue", "old kettle", "no kettle"}


def test_each_answer_has_an_id_of_its_own(get, indexed_shop):
    path = f"recommendations/{indexed_shop.id_of('wok')}"
    assert get(path)[1]["recommendation_id"] != get(path)[1]["recommendation_id"]


def test_what_is_unknown_is_null(get, indexed_shop):
    _, body = get("recommendations/by-sku/wok", limit=100)
    strap = next(item["product"] for item in body["recommendations"] if item["product"]["sku"] == "strap")
    assert (strap["price"], strap["rating"], strap["category"]) == (None, None, "Yoga")
    gift = next(item["product"] for item in body["recommendations"] if item["product"]["sku"] == "gift")
    assert gift["category"] == gift["category_path"] == "Uncategorised"


def test_a_sku_may_hold_slashes(get, indexed_shop):
    by_id = get(f"recommendations/{indexed_shop.id_of('kettle/red')}")[1]
    status, by_sku = get("recommendations/by-sku/kettle/red")
    assert status == 200
    assert by_sku["recommendations"] == by_id["recommendations"]


@pytest.mark.parametrize("path", ["recommendations/by-sku/wok", "trending"])
@pytest.mark.parametrize("limit", ["0", "1000", "101", "-1", "abc", "1.5"])
def test_a_limit_out_of_range_is_refused_and_named(get, indexed_shop, path, limit):
    status, body = get(path, limit=limit)
    assert status == 400
    assert "limit" in str(body)
    assert "1 to 100" in str(body)


@pytest.mark.parametrize("limit", [1, 3, 8])
def test_there_are_as_many_as_asked_for(get, indexed_shop, limit):
    assert len(get("recommendations/by-sku/wok", limit=limit)[1]["recommendations"]) == limit
    assert len(get("trending", limit=limit)[1]["trending"]) == limit


@pytest.mark.parametrize(
    "path",
    [
        "recommendations/987654",
        "recommendations/99999999999999999999999",
        "recommendations/abc",
        "recommendations/-1",
        "recommendations/1.5",
        "recommendations/",
        "recommendations/by-sku/unknown",
        "recommendations/by-sku/a%00b",
        "recommendations/by-sku/%ff",
    ],
)
def test_an_unknown_product_and_a_malformed_id_are_not_found(get, indexed_shop, path):
    status, body = get(path)
    assert status == 404
    assert "not_found" in str(body)


def test_another_tenants_product_is_not_found(get, indexed_shop):
    tenant = indexed_shop.tenant.__class__.objects.create(slug="other", name="Other")
    stranger = Shop(tenant, [{"sku": "theirs", "name": "Theirs"}])
    assert get(f"recommendations/{stranger.id_of('theirs')}")[0] == 404
    assert get("recommendations/by-sku/theirs")[0] == 404


def test_a_product_too_new_for_the_index_gets_what_is_popular_around_it(get, indexed_shop):
    indexed_shop.click("wok", times=3)
    indexed_shop.click("mat", times=9)
    eventually(lambda: indexed_shop.clicks_seen("mat") == 9)
    indexed_shop.put({"sku": "new pan", "name": "New pan", "category": "Home > Kitchen > Pans"})
    status, body = get("recommendations/by-sku/new pan")
    assert (status, body["degraded"]) == (200, ["index"])
    assert skus(body)[:2] == ["wok", "mat"]
    assert len(skus(body)) == 5


def test_a_new_variant_is_not_shown_its_siblings(get, indexed_shop):
    indexed_shop.put({"sku": "kettle/green", "name": "Enamel kettle, green", "variant_group": "kettle"})
    _, body = get("recommendations/by-sku/kettle/green", limit=100)
    assert not {"kettle/red", "kettle/blue"} & set(skus(body))


def test_a_product_too_new_for_the_index_in_a_category_too_new_gets_an_answer_too(get, indexed_shop):
    indexed_shop.put({"sku": "spade", "name": "Spade", "category": "Garden > Tools"})
    status, body = get("recommendations/by-sku/spade")
    assert (status, len(skus(body)), body["degraded"]) == (200, 5, ["index"])


def test_before_the_first_index_the_service_is_unavailable_and_says_when_to_come_back(client, shop):
    for path in (f"recommendations/{shop.id_of('wok')}", "trending"):
        response = client.get(f"/api/{path}")
        assert response.status_code == 503
        assert int(response.headers["Retry-After"]) > 0
        assert "index_not_ready" in str(response.json())


def test_trends_have_the_contracts_shape(get, indexed_shop):
    indexed_shop.click("mat", times=6)
    eventually(lambda: indexed_shop.clicks_seen("mat") == 6)
    status, body = get("trending", limit=2)
    assert (status, list(body)) == (200, ["trending"])
    first = body["trending"][0]
    assert list(first) == ["product", "score", "rising"]
    assert list(first["product"]) == PRODUCT_FIELDS
    assert first["product"]["sku"] == "mat"
    assert 0.5 < first["score"] <= 1
    assert first["rising"] > 1


def test_in_a_quiet_shop_the_best_rated_trend_and_nothing_rises(get, indexed_shop):
    _, body = get("trending")
    assert skus(body)[0] == "gooseneck"
    assert {item["rising"] for item in body["trending"]} == {1.0}


@pytest.mark.parametrize("named_by", ["slug", "path", "name"])
def test_a_category_is_named_by_slug_path_or_name(get, indexed_shop, named_by):
    kitchen = Category.objects.get(name="Kitchen")
    _, body = get("trending", category=getattr(kitchen, named_by), limit=100)
    assert set(skus(body)) <= set(
        Product.objects.filter(category__path__startswith="Home").values_list("sku", flat=True)
    )
    assert {"wok", "teapot"} <= set(skus(body))


def test_the_uncategorised_can_be_asked_for(get, indexed_shop):
    assert skus(get("trending", category="Uncategorised")[1]) == ["gift"]


def test_an_unknown_category_is_refused_and_named(get, indexed_shop):
    status, body = get("trending", category="Submarines")
    assert status == 400
    assert "category" in str(body)
    assert "Submarines" in str(body)
