"""Many products in one request."""

import json
from typing import Any

import pytest

from catalog.editing import MAX_ROWS
from catalog.models import Category, Product
from tests.factories import make_category, make_product, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def bulk(client):
    def bulk(rows: Any, content_type: str = "application/json") -> tuple[int, Any]:
        body = rows if isinstance(rows, bytes) else json.dumps(rows)
        response = client.post("/api/products/bulk", body, content_type)
        return response.status_code, response.json()

    return bulk


def statuses(answer) -> list[str]:
    assert answer[0] == 200, answer
    return [row["status"] for row in answer[1]["results"]]


def test_each_row_is_told_what_became_of_it_in_the_order_they_were_sent(bulk):
    same, other = make_product(sku="same", name="Same"), make_product(sku="other", price=1)
    rows = [
        {"sku": "other", "name": "Other", "price": 2},
        {"sku": "bad", "name": "Bad", "price": -1},
        {"sku": "new", "name": "New", "category": "Home > Lamps"},
        {"sku": "same", "name": "Same"},
        {"name": "No SKU"},
        7,
    ]
    status, body = bulk(rows)
    new = Product.objects.get(sku="new")
    assert status == 200
    assert body == {
        "created": 1,
        "updated": 1,
        "unchanged": 1,
        "rejected": 3,
        "results": [
            {"sku": "other", "id": other.pk, "status": "updated"},
            {"sku": "bad", "status": "rejected", "field": "price", "error": "price: must not be negative"},
            {"sku": "new", "id": new.pk, "status": "created"},
            {"sku": "same", "id": same.pk, "status": "unchanged"},
            {"sku": None, "status": "rejected", "field": "sku", "error": "sku: is required"},
            {"sku": None, "status": "rejected", "field": "row", "error": body["results"][5]["error"]},
        ],
    }
    assert new.category.path == "Home > Lamps"
    assert not Product.objects.filter(sku="bad").exists()


def test_a_row_leaves_alone_what_it_does_not_name(bulk):
    make_product(sku="a", price=5, tags=["x"], is_active=False)
    bulk([{"sku": "a", "name": "A"}])
    assert Product.objects.values_list("name", "price", "tags", "is_active").get() == ("A", 5, ["x"], False)


def test_rows_of_one_sku_are_laid_over_each_other(bulk):
    rows = [{"sku": "a", "name": "A", "price": 5}, {"sku": "b", "name": "B"}, {"sku": "a", "name": "A2", "rating": 4}]
    assert statuses(bulk(rows)) == ["created"] * 3
    assert Product.objects.values_list("name", "price", "rating").get(sku="a") == ("A2", 5, 4)


def test_a_name_that_stands_in_several_places_rejects_its_row_only(bulk):
    make_category("Home > Lamps")
    make_category("Garden > Lamps")
    rows = [
        {"sku": "a", "name": "A", "category": "Lamps"},
        {"sku": "b", "name": "B", "category_path": "Garden > Lamps"},
        {"sku": "c", "name": "C", "category": "Home"},
        {"sku": "d", "name": "D", "category": "Sheds"},
    ]
    assert statuses(bulk(rows)) == ["rejected", "created", "created", "created"]
    assert set(Category.objects.filter(products__isnull=False).values_list("path", flat=True)) == {
        "Garden > Lamps",
        "Home",
        "Sheds",
    }


def test_the_rows_may_stand_in_an_object_or_on_lines(bulk):
    assert statuses(bulk({"products": [{"sku": "a", "name": "A"}]})) == ["created"]
    lines = b'{"sku": "a", "name": "A"}\n\n{"sku": "b", \n{"sku": "c", "name": "C"}\r\n'
    assert statuses(bulk(lines, "application/x-ndjson")) == ["unchanged", "rejected", "created"]


@pytest.mark.parametrize(
    ("body", "code", "fields"),
    [
        ([{}] * (MAX_ROWS + 1), "invalid", ["products"]),
        ({"rows": []}, "invalid", ["products"]),
        ({"products": {}}, "invalid", ["products"]),
        (3, "invalid", ["body"]),
        (b"[{", "parse_error", []),
    ],
)
def test_a_body_that_is_no_list_is_refused_whole(bulk, body, code, fields):
    status, answer = bulk(body)
    assert (status, answer["error"]["code"], list(answer["error"].get("fields", ()))) == (400, code, fields)


def test_no_rows_are_no_trouble(bulk):
    assert bulk([]) == bulk(b"") == (200, {"created": 0, "updated": 0, "unchanged": 0, "rejected": 0, "results": []})


def test_a_sku_of_another_tenant_is_left_alone(bulk):
    theirs = make_product(sku="a", name="Theirs", tenant_id=make_tenant().pk)
    assert statuses(bulk([{"sku": "a", "name": "Mine"}])) == ["created"]
    theirs.refresh_from_db()
    assert theirs.name == "Theirs"
