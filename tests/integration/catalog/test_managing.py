"""What a shop's backend does with single products."""

import json
from decimal import Decimal
from typing import Any

import pytest

from catalog.models import Category, Product, ProductChange
from sdr.accounts import access
from sdr.accounts.models import DEFAULT_TENANT_ID, Scope, Tenant
from tests.factories import make_category, make_product, make_tenant

pytestmark = pytest.mark.django_db

FULL = {
    "sku": "L-1",
    "name": "Lamp",
    "category": "Home > Lamps",
    "price": 12.5,
    "currency": "EUR",
    "rating": 4.5,
    "rating_count": 7,
    "tags": ["warm"],
    "description": "Shines.",
    "image_url": "https://shop.example/l.png",
    "in_stock": False,
    "is_active": False,
    "variant_group": "lamps",
    "attributes": {"watts": 5, "deep": [{"er": None}]},
}


@pytest.fixture
def call(client):
    """Send ``body`` as JSON (bytes as they are) and return the response."""

    def call(method: str, path: str, body: Any = None, **headers: str):
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return client.generic(method, f"/api/products{path}", data, "application/json", headers=headers)

    return call


def error(response) -> tuple[int, str, list[str]]:
    body = response.json()["error"]
    return response.status_code, body["code"], list(body.get("fields", ()))


class TestPost:
    def test_makes_a_product_with_everything_that_was_sent(self, call):
        response = call("POST", "", FULL)
        shown = response.json()
        assert response.status_code == 201
        assert shown | FULL | {"category": "Lamps"} == shown
        assert shown["category_path"] == "Home > Lamps"
        assert response["Location"].endswith(f"/api/products/{shown['id']}")
        assert call("GET", f"/{shown['id']}").json() == shown

    def test_needs_no_more_than_a_sku_and_a_name(self, call):
        shown = call("POST", "", {"sku": "L-1", "name": "Lamp"}).json()
        assert (shown["price"], shown["in_stock"], shown["is_active"], shown["tags"]) == (None, True, True, [])

    def test_keeps_every_digit_of_a_price(self, call):
        call("POST", "", b'{"sku": "L-1", "name": "Lamp", "price": 0.10000001}')
        assert Product.objects.get().price == Decimal("0.10000001")

    def test_refuses_a_sku_that_is_there(self, call):
        make_product(sku="L-1", name="Old")
        assert error(call("POST", "", FULL)) == (409, "conflict", ["sku"])
        assert Product.objects.get().name == "Old"
        assert not Category.objects.exists()

    def test_may_use_the_sku_of_a_deleted_product_and_of_another_tenants(self, call):
        old = call("POST", "", FULL).json()
        call("DELETE", f"/{old['id']}")
        make_product(sku="L-1", tenant_id=make_tenant().pk)
        response = call("POST", "", {"sku": "L-1", "name": "New"})
        assert (response.status_code, response.json()["id"]) == (201, old["id"])
        assert (response.json()["price"], response.json()["attributes"]) == (None, {})

    def test_finds_a_category_by_its_name_and_makes_an_unknown_one(self, call):
        make_category("Home > Lamps")
        places = [
            call("POST", "", {"sku": f"S-{n}", "name": "x", "category": text}).json()["category_path"]
            for n, text in enumerate(("Lamps", "Garden", "Garden>Gnomes", "Uncategorised", " "))
        ]
        assert places == ["Home > Lamps", "Garden", "Garden > Gnomes", "Uncategorised", "Uncategorised"]

    def test_refuses_a_name_that_stands_in_several_places(self, call):
        make_category("Home > Lamps")
        make_category("Lamps")
        response = call("POST", "", {"sku": "a", "name": "x", "category": "Lamps"})
        assert error(response) == (400, "invalid", ["category"])
        assert "Home > Lamps, Lamps" in response.json()["error"]["message"]
        assert call("POST", "", {"sku": "a", "name": "x", "category_path": "Lamps"}).status_code == 201

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("sku", None),
            ("sku", ""),
            ("sku", "a\nb"),
            ("sku", "x" * 101),
            ("name", "  "),
            ("name", "a\0b"),
            ("price", -0.01),
            ("price", "NaN"),
            ("price", "Infinity"),
            ("price", 10**12),
            ("currency", "EURO"),
            ("currency", "ZZZ"),
            ("rating", 5.1),
            ("rating", True),
            ("rating_count", 2**31),
            ("tags", ["x"] * 101),
            ("tags", ["x" * 101]),
            ("tags", "wool"),
            ("description", "x" * 20_001),
            ("image_url", "javascript:alert(1)"),
            ("image_url", "https://"),
            ("in_stock", "yes"),
            ("is_active", 1),
            ("variant_group", "x" * 101),
            ("attributes", []),
            ("attributes", {"a": "\0"}),
            ("attributes", {"a": "x" * 20_001}),
            ("attributes", {"a": 2**63}),
            ("attributes", {"a": 1e300}),
            ("attributes", {"a": [[[[[[[[[[1]]]]]]]]]]}),
            ("category", "a > > b"),
            ("category", "x" * 201),
            ("category", 3),
            ("category_path", "Elsewhere"),
            ("pirce", 3),
        ],
    )
    def test_names_the_field_that_is_not_acceptable(self, call, field, value):
        status, code, [blamed] = error(call("POST", "", FULL | {field: value}))
        assert (status, code) == (400, "invalid")
        assert blamed == field or (field, blamed) == ("category_path", "category")
        assert not Product.objects.exists()

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"", "invalid"),
            (b"[]", "invalid"),
            (b"3", "invalid"),
            (b"{", "parse_error"),
            (b'{"sku": "\xff"}', "invalid"),
            (b'{"sku": "\\ud800"}', "parse_error"),
            (b'{"sku": NaN}', "parse_error"),
            (b'{"a":' + b"[" * 100_000, "parse_error"),
        ],
    )
    def test_refuses_what_is_no_object(self, call, body, code):
        assert error(call("POST", "", body))[:2] == (400, code)

    def test_refuses_a_body_beyond_the_limit(self, call, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
        assert error(call("POST", "", {"sku": "a", "name": "x" * 1000}))[:2] == (413, "too_large")

    def test_takes_a_form_too(self, client):
        form = {
            "sku": "L-1",
            "name": "Lamp",
            "price": "12.50",
            "rating": "4.5",
            "rating_count": "3",
            "in_stock": "False",
        }
        response = client.post("/api/products", form | {"tags": "a, b", "attributes": '{"w": 5}', "category": ""})
        shown = response.json()
        assert response.status_code == 201, shown
        assert (shown["price"], shown["rating"], shown["rating_count"], shown["in_stock"]) == (12.5, 4.5, 3, False)
        assert (shown["tags"], shown["attributes"]) == (["a", "b"], {"w": 5})

    @pytest.mark.parametrize(
        ("field", "text"), [("rating", "nan"), ("price", "inf"), ("price", "x"), ("in_stock", "?")]
    )
    def test_names_the_field_of_a_form(self, client, field, text):
        response = client.post("/api/products", {"sku": "a", "name": "x", field: text})
        assert error(response) == (400, "invalid", [field])


class TestPut:
    def test_an_answer_sent_back_changes_nothing(self, call):
        for path in ("Home > Lamps", "Uncategorised"):
            shown = call("POST", "", FULL | {"sku": path, "category": path}).json()
            assert call("PUT", f"/{shown['id']}", shown).json() == shown
        assert ProductChange.objects.count() == 2

    def test_puts_defaults_in_place_of_what_is_left_out(self, call):
        pk = call("POST", "", FULL).json()["id"]
        shown = call("PUT", f"/{pk}", {"name": "Bare"}).json()
        assert (shown["name"], shown["sku"], shown["price"], shown["tags"]) == ("Bare", "L-1", None, [])
        assert (shown["category"], shown["in_stock"], shown["attributes"]) == ("Uncategorised", True, {})

    def test_by_id_makes_nothing_and_by_sku_it_does(self, call):
        assert call("PUT", "/4711", FULL).status_code == 404
        assert call("PUT", "/by-sku/a%2Fb", {"name": "Lamp"}).status_code == 201
        assert call("PUT", "/by-sku/a/b", {"name": "Lamp"}).status_code == 200
        assert error(call("PUT", "/by-sku/a", {"sku": "b", "name": "Lamp"})) == (400, "invalid", ["sku"])

    def test_by_sku_brings_a_deleted_product_back(self, call):
        lamp = make_product(sku="L-1")
        call("DELETE", "/by-sku/L-1")
        response = call("PUT", "/by-sku/L-1", {"name": "Back"})
        assert (response.status_code, response.json()["id"]) == (201, lamp.pk)


class TestPatch:
    def test_changes_what_is_named_and_leaves_the_rest(self, call):
        before = call("POST", "", FULL).json()
        after = call("PATCH", f"/{before['id']}", {"price": None, "category": "Garden"}).json()
        changed = {"price": None, "category": "Garden", "category_path": "Garden", "revision": 2}
        assert after == before | changed | {"updated_at": after["updated_at"]}
        assert call("PATCH", "/by-sku/L-1", {}).json() == after

    def test_may_change_the_sku_but_not_to_one_that_is_taken(self, call):
        lamp = make_product(sku="L-1")
        make_product(sku="L-2")
        assert error(call("PATCH", "/by-sku/L-1", {"sku": "L-2", "name": "x"})) == (409, "conflict", ["sku"])
        assert call("PATCH", "/by-sku/L-1", {"sku": "L-3"}).json()["id"] == lamp.pk
        assert call("GET", "/by-sku/L-1").status_code == 404

    def test_what_is_refused_is_not_half_applied(self, call):
        lamp = make_product(sku="L-1", price=5)
        call("PATCH", "/by-sku/L-1", {"sku": "L-9", "price": 6, "category": "New > Place", "rating": 9})
        lamp.refresh_from_db()
        assert (lamp.sku, lamp.price, lamp.revision, Category.objects.count()) == ("L-1", 5, 1, 0)


class TestDelete:
    def test_is_soft_and_done_once(self, call):
        lamp = make_product(sku="L-1")
        response = call("DELETE", f"/{lamp.pk}")
        assert (response.status_code, response.content) == (204, b"")
        assert call("DELETE", f"/{lamp.pk}").status_code == 404
        assert call("DELETE", "/by-sku/L-1").status_code == 404
        assert call("GET", f"/{lamp.pk}").status_code == call("PATCH", f"/{lamp.pk}", {}).status_code == 404
        assert Product.all_objects.filter(pk=lamp.pk).exists()


class TestConditions:
    @pytest.fixture
    def lamp(self):
        return make_product(sku="L-1", price=5)

    def test_what_the_caller_holds_is_not_sent_again(self, call, lamp):
        first = call("GET", f"/{lamp.pk}")
        assert (first["ETag"], first["Cache-Control"]) == ('"1"', "private, no-cache")
        for headers in ({"If-None-Match": first["ETag"]}, {"If-Modified-Since": first["Last-Modified"]}):
            again = call("GET", "/by-sku/L-1", **headers)
            assert (again.status_code, again.content, again["ETag"]) == (304, b"", '"1"')
        call("PATCH", f"/{lamp.pk}", {"price": 6})
        assert call("GET", f"/{lamp.pk}", **{"If-None-Match": first["ETag"]}).json()["price"] == 6

    def test_a_renamed_category_is_a_change_too(self, call):
        lamp = make_product(category="Home")
        etag = call("GET", f"/{lamp.pk}")["ETag"]
        lamp.category.name = "House"
        lamp.category.save()
        assert call("GET", f"/{lamp.pk}", **{"If-None-Match": etag}).json()["category"] == "House"

    @pytest.mark.parametrize(("method", "body"), [("PUT", {"name": "x"}), ("PATCH", {"price": 9}), ("DELETE", None)])
    def test_a_write_holds_only_for_what_the_caller_has_seen(self, call, lamp, method, body):
        seen = call("GET", f"/{lamp.pk}")["ETag"]
        now = call("PATCH", f"/{lamp.pk}", {"price": 6})["ETag"]
        for path in (f"/{lamp.pk}", "/by-sku/L-1"):
            assert error(call(method, path, body, **{"If-Match": seen}))[:2] == (412, "precondition_failed")
        assert call(method, f"/{lamp.pk}", body, **{"If-Match": f'"99", W/{now}'}).status_code in {200, 204}

    def test_a_put_may_ask_that_nothing_is_there_or_that_something_is(self, call, lamp):
        assert call("PUT", "/by-sku/L-1", {"name": "x"}, **{"If-None-Match": "*"}).status_code == 412
        assert call("PUT", "/by-sku/L-2", {"name": "x"}, **{"If-None-Match": "*"}).status_code == 201
        assert call("PUT", "/by-sku/L-3", {"name": "x"}, **{"If-Match": "*"}).status_code == 412

    def test_the_category_tree_is_sent_once(self, client):
        first = client.get("/api/categories")
        assert client.get("/api/categories", HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304
        make_category("Home")
        assert client.get("/api/categories", HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("by_sku", [False, True])
def test_the_product_of_another_tenant_does_not_exist(call, method, by_sku):
    theirs = make_product(tenant_id=make_tenant().pk)
    response = call(method, f"/by-sku/{theirs.sku}" if by_sku else f"/{theirs.pk}", {"name": "Mine now"})
    assert response.status_code == (201 if (by_sku, method) == (True, "PUT") else 404)
    theirs.refresh_from_db()
    assert (theirs.revision, theirs.deleted_at) == (1, None)


def test_writing_needs_its_scope(call):
    lamp = make_product()
    default = Tenant.objects.get(pk=DEFAULT_TENANT_ID)
    _, key = access.create_key(default, [Scope.RECOMMENDATIONS_READ])
    header = {"Authorization": f"Bearer {key}"}
    writes = [("POST", ""), ("POST", "/bulk"), *((method, f"/{lamp.pk}") for method in ("PUT", "PATCH", "DELETE"))]
    assert {call(method, path, {}, **header).status_code for method, path in writes} == {403}
    assert call("GET", f"/{lamp.pk}", **header).status_code == 200
