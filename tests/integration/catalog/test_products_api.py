from decimal import Decimal

import pytest
from django.db import OperationalError, connection

from catalog import selectors, services
from catalog.models import Product
from sdr import pagination
from sdr.accounts import access
from sdr.accounts.models import DEFAULT_TENANT_ID, Scope, Tenant
from tests.factories import make_category, make_product, make_tenant

pytestmark = pytest.mark.django_db


def skus(answer) -> list[str]:
    status, body = answer
    assert status == 200, body
    return [product["sku"] for product in body["products"]]


def fields_blamed(answer) -> list[str]:
    status, body = answer
    assert (status, body["error"]["code"]) == (400, "invalid"), body
    return list(body["error"]["fields"])


def test_a_product_is_shown_in_the_agreed_shape(get):
    lamp = make_product(
        sku="L-1",
        name="Lamp",
        category="Home > Lamps",
        price=Decimal("12.50"),
        currency="EUR",
        rating=4.5,
        tags=["warm"],
        description="Shines.",
        image_url="https://example.com/l.png",
    )
    shown = {
        "id": lamp.pk,
        "sku": "L-1",
        "name": "Lamp",
        "category": "Lamps",
        "category_path": "Home > Lamps",
        "price": 12.5,
        "currency": "EUR",
        "rating": 4.5,
        "tags": ["warm"],
        "description": "Shines.",
        "image_url": "https://example.com/l.png",
        "in_stock": True,
    }
    assert get("products") == (200, {"products": [shown], "total": 1, "page": 1, "page_size": 50})
    status, detail = get(f"products/{lamp.pk}")
    assert status == 200
    assert (
        detail
        == get("products/by-sku/L-1")[1]
        == shown
        | {
            "is_active": True,
            "rating_count": 0,
            "variant_group": None,
            "attributes": {},
            "revision": 1,
            "created_at": detail["created_at"],
            "updated_at": detail["updated_at"],
        }
    )


def test_what_is_unknown_is_null(get):
    make_product()
    [product] = get("products")[1]["products"]
    assert (product["price"], product["rating"]) == (None, None)
    assert (product["category"], product["category_path"]) == ("Uncategorised", "Uncategorised")


def test_only_what_is_on_sale_at_the_callers_shop_is_shown(get):
    make_product(sku="mine")
    hidden = [make_product(), make_product(tenant_id=make_tenant().pk)]
    services.delete_products(Product.objects.filter(pk=hidden[0].pk))
    for product in hidden:
        assert get(f"products/{product.pk}")[0] == 404
        assert get(f"products/by-sku/{product.sku}")[0] == 404
    make_product(is_active=False)
    assert skus(get("products")) == ["mine"]


def test_a_product_off_sale_is_shown_only_to_those_who_manage_it(client):
    path = f"/api/products/{make_product(is_active=False).pk}"
    default = Tenant.objects.get(pk=DEFAULT_TENANT_ID)
    keys = [access.create_key(default, [Scope.RECOMMENDATIONS_READ, *more])[1] for more in ([], [Scope.CATALOG_WRITE])]
    assert [client.get(path, HTTP_AUTHORIZATION=f"Bearer {key}").status_code for key in keys] == [404, 200]


class TestPages:
    @pytest.fixture(autouse=True)
    def _five_products(self, db):
        for n in range(5):
            make_product(sku=str(n))

    def test_pages_follow_each_other(self, get):
        assert [skus(get("products", page=page, page_size=2)) for page in (1, 2, 3)] == [["0", "1"], ["2", "3"], ["4"]]

    def test_every_page_tells_the_total(self, get):
        _, body = get("products", page=2, page_size=2)
        assert (body["total"], body["page"], body["page_size"]) == (5, 2, 2)

    def test_beyond_the_end_there_is_no_page(self, get):
        assert get("products", page=4, page_size=2)[0] == 404
        assert get("products", page=9_999_999_999)[0] == 404

    def test_pages_go_so_deep_and_no_deeper(self, get, monkeypatch):
        monkeypatch.setattr(pagination, "MAX_DEPTH", 2)
        assert skus(get("products", page=2, page_size=2)) == ["2", "3"]
        assert fields_blamed(get("products", page=3, page_size=2)) == ["page"]
        assert get("products", page=4, page_size=2)[0] == 404

    def test_empty_parameters_count_as_missing(self, get):
        query = dict.fromkeys(
            ["page", "page_size", "search", "category", "tags", "min_price", "in_stock", "ordering"], ""
        )
        assert len(skus(get("products", **query))) == 5

    @pytest.mark.parametrize("value", ["0", "-1", "abc", "1.5", "201", "1000", "9" * 5000, "\u0661"])
    def test_a_bad_page_size_is_named(self, get, value):
        assert fields_blamed(get("products", page_size=value)) == ["page_size"]

    @pytest.mark.parametrize("value", ["0", "-1", "abc", "last", "9" * 5000])
    def test_a_bad_page_is_named(self, get, value):
        assert fields_blamed(get("products", page=value)) == ["page"]

    def test_a_shop_without_products_has_an_empty_first_page(self, get):
        Product.objects.all().delete()
        assert get("products") == (200, {"products": [], "total": 0, "page": 1, "page_size": 50})


class TestFilters:
    @pytest.fixture(autouse=True)
    def _products(self, db):
        make_product(
            sku="knife",
            name="Chef's knife",
            category="Home > Kitchen > Knives",
            price=30,
            rating=4.8,
            tags=["steel", "sharp"],
        )
        make_product(
            sku="pan",
            name="Frying pan",
            category="Home > Kitchen",
            price=30,
            rating=4.1,
            tags=["steel"],
            description="For a knife? No.",
        )
        make_product(sku="bed", name="Bed", category="Home", price=300, in_stock=False)
        make_product(sku="gift", name="Gift card", rating=2)
        make_product(sku="pocket", name="Pocket thing", category="Outdoor > Knives", price=Decimal("9.99"))

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"category": "Home > Kitchen"}, ["knife", "pan"]),
            ({"category": "home-kitchen"}, ["knife", "pan"]),
            ({"category": "kitchen"}, ["knife", "pan"]),
            ({"category": "Home"}, ["knife", "pan", "bed"]),
            ({"category": "Knives"}, ["knife", "pocket"]),
            ({"category": "Uncategorised"}, ["gift"]),
            ({"tags": "steel"}, ["knife", "pan"]),
            ({"tags": "steel, sharp"}, ["knife"]),
            ({"tags": "unheard-of"}, []),
            ({"min_price": "30"}, ["knife", "pan", "bed"]),
            ({"max_price": "30"}, ["knife", "pan", "pocket"]),
            ({"min_price": "9.99", "max_price": "9.99"}, ["pocket"]),
            ({"min_rating": "4.1"}, ["knife", "pan"]),
            ({"in_stock": "true"}, ["knife", "pan", "gift", "pocket"]),
            ({"in_stock": "false"}, ["bed"]),
            ({"in_stock": "0", "category": "Home"}, ["bed"]),
            ({"ordering": "-id"}, ["pocket", "gift", "bed", "pan", "knife"]),
            ({"ordering": "name"}, ["bed", "knife", "pan", "gift", "pocket"]),
            ({"ordering": "price"}, ["pocket", "knife", "pan", "bed", "gift"]),
            ({"ordering": "-price"}, ["bed", "knife", "pan", "pocket", "gift"]),
            ({"ordering": "-rating,price"}, ["knife", "pan", "gift", "pocket", "bed"]),
            ({"search": "knife"}, ["knife", "pan"]),
            ({"search": "frying OR bed", "ordering": "name"}, ["bed", "pan"]),
            ({"search": "knife -frying"}, ["knife"]),
            ({"search": '"gift card"'}, ["gift"]),
            ({"search": "'); DROP TABLE --"}, []),
            ({"unheard_of": "1"}, ["knife", "pan", "bed", "gift", "pocket"]),
        ],
    )
    def test_what_is_asked_for_is_found(self, get, query, expected):
        assert skus(get("products", **query)) == expected

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"category": "Nowhere"}, "category"),
            ({"category": "a\0"}, "category"),
            ({"search": "a\0"}, "search"),
            ({"search": "x" * 201}, "search"),
            ({"tags": "a\0"}, "tags"),
            ({"min_price": "cheap"}, "min_price"),
            ({"min_price": "-1"}, "min_price"),
            ({"min_price": "nan"}, "min_price"),
            ({"max_price": "1e999"}, "max_price"),
            ({"min_price": "2", "max_price": "1"}, "max_price"),
            ({"min_rating": "5.1"}, "min_rating"),
            ({"in_stock": "maybe"}, "in_stock"),
            ({"ordering": "description"}, "ordering"),
        ],
    )
    def test_what_cannot_be_asked_is_named(self, get, query, field):
        assert fields_blamed(get("products", **query)) == [field]

    def test_the_best_match_comes_first(self, get):
        make_product(sku="words", name="Thing", description="A gift, a card.")
        assert skus(get("products", search="gift card")) == ["gift", "words"]


class TestAttributes:
    @pytest.fixture(autouse=True)
    def _products(self, db):
        make_product(sku="red", attributes={"colour": "red", "watts": 5, "size": {"width": 2.5}, "new": True})
        make_product(sku="both", attributes={"colour": ["red", "blue"], "watts": "5", "end": None})
        make_product(sku="blue", attributes={"colour": "blue", "watts": 50})
        make_product(sku="plain")

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"attributes.colour": "red"}, ["red", "both"]),
            ({"attributes.colour": ["red", "blue"]}, ["red", "both", "blue"]),
            ({"attributes.colour": "blue", "attributes.watts": "5"}, ["both"]),
            ({"attributes.watts": "5"}, ["red", "both"]),
            ({"attributes.watts": "5.0"}, ["red"]),
            ({"attributes.size.width": "2.5"}, ["red"]),
            ({"attributes.new": "true"}, ["red"]),
            ({"attributes.end": "null"}, ["both"]),
            ({"attributes.colour": ""}, ["red", "both", "blue", "plain"]),
            ({"attributes.colour": "Red"}, []),
            ({"attributes.colour": "1e400"}, []),
            ({"attributes.colour": "[" * 200}, []),
        ],
    )
    def test_products_are_found_by_what_they_carry(self, get, query, expected):
        assert skus(get("products", **query)) == expected

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"attributes.": "x"}, "attributes."),
            ({"attributes.a..b": "x"}, "attributes.a..b"),
            ({"attributes.a.a.a.a.a.a": "x"}, "attributes.a.a.a.a.a.a"),
            ({"attributes.a": "x" * 201}, "attributes.a"),
            ({"attributes.a": "\0"}, "attributes.a"),
            ({"attributes.a": ["x"] * 11}, "attributes.a"),
            ({f"attributes.{n}": "x" for n in range(6)}, "attributes"),
        ],
    )
    def test_what_cannot_be_asked_is_named(self, get, query, field):
        assert fields_blamed(get("products", **query)) == [field]


@pytest.mark.parametrize("path", ["abc", "-1", "1.5", "9" * 30, "0"])
def test_an_id_that_is_none_is_not_found(get, path):
    status, body = get(f"products/{path}")
    assert (status, body["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("sku", ["unheard-of", "%00", "a%2Fb"])
def test_a_sku_that_is_none_is_not_found(get, sku):
    assert get(f"products/by-sku/{sku}")[0] == 404


def test_a_sku_may_hold_a_slash(get):
    make_product(sku="a/b")
    assert get("products/by-sku/a/b")[0] == get("products/by-sku/a%2Fb")[0] == 200


class TestCategories:
    def test_the_tree_counts_what_is_on_sale_at_and_below_each_node(self, get):
        make_product(category="Home > Kitchen > Knives")
        make_product(category="Home")
        make_product(category="Home", is_active=False)
        make_product()
        make_category("Empty")
        _, body = get("categories")
        empty, home, none = body["categories"]
        assert (empty["path"], empty["n_products"], empty["children"]) == ("Empty", 0, [])
        assert (home["n_products"], home["children"][0]["path"]) == (2, "Home > Kitchen")
        assert home["children"][0]["children"][0] == {
            "id": home["children"][0]["children"][0]["id"],
            "name": "Knives",
            "slug": "home-kitchen-knives",
            "path": "Home > Kitchen > Knives",
            "n_products": 1,
            "children": [],
        }
        assert (none["id"], none["name"], none["n_products"]) == (None, "Uncategorised", 1)

    def test_the_tree_of_another_shop_is_not_shown(self, get):
        make_category("Secret", tenant_id=make_tenant().pk)
        assert get("categories") == (200, {"categories": []})


def test_without_postgres_the_answer_is_to_try_again_later(client, monkeypatch):
    def gone(_tenant_id):
        raise OperationalError("connection refused")

    monkeypatch.setattr(selectors, "visible_products", gone)
    response = client.get("/api/products")
    assert (response.status_code, response.json()["error"]["code"]) == (503, "unavailable")
    assert response["Retry-After"] == "1"


def test_the_browsable_api_shows_lists_and_errors(client):
    make_product(name="Browsable lamp")
    page = client.get("/api/products", HTTP_ACCEPT="text/html")
    assert "Browsable lamp" in page.content.decode()
    refused = client.get("/api/products?page_size=0", HTTP_ACCEPT="text/html")
    assert (refused.status_code, refused["Content-Type"]) == (400, "text/html; charset=utf-8")


def test_products_for_the_index_come_by_id_with_inactive_and_without_deleted_ones():
    first, inactive, deleted = make_product(category="Home"), make_product(is_active=False), make_product()
    services.delete_products(Product.objects.filter(pk=deleted.pk))
    before = len(connection.queries_log)
    products = list(selectors.products_for_index(first.tenant_id))
    assert [product.pk for product in products] == [first.pk, inactive.pk]
    assert products[0].category.path == "Home"
    assert len(connection.queries_log) - before <= 1


def test_skus_are_looked_up_together():
    lamp, _other = make_product(sku="lamp"), make_product(sku="lamp", tenant_id=make_tenant().pk)
    assert selectors.product_ids_by_sku(lamp.tenant_id, ["lamp", "gone", "nul\0"]) == {"lamp": lamp.pk}
