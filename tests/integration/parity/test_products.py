"""The catalogue through both doors."""

import uuid

from catalog.models import Product
from protos.catalog.v1 import catalog_pb2 as messages
from protos.catalog.v1.catalog_pb2_grpc import ProductServiceStub
from sdr.rpc.messages import struct
from tests.factories import make_product, make_tenant
from tests.integration.parity.doors import Refusal, outcome

FULL = {
    "sku": "L/1",
    "name": "Lamp",
    "category": "Home > Lamps",
    "price": 12.5,
    "currency": "EUR",
    "rating": 4.5,
    "rating_count": 7,
    "tags": ["warm", "brass"],
    "description": "Shines.",
    "image_url": "https://shop.example/l.png",
    "in_stock": False,
    "is_active": True,
    "variant_group": "lamps",
    "attributes": {"watts": 5, "size": {"width": 7.5}, "deep": [{"er": None}]},
}
OF_ITS_OWN = ("id", "sku", "created_at", "updated_at", "revision")


def fields(values):
    attributes = values.get("attributes")
    rest = {name: value for name, value in values.items() if name != "attributes"}
    return messages.ProductFields(**rest, attributes=None if attributes is None else struct(attributes))


def over_grpc(doors, method, request):
    """Return the product that a method answers with, in REST's shape."""
    detail = doors.grpc(ProductServiceStub, method, request)["product"]
    card = detail.pop("product")
    return card | detail | {name: as_rest_writes(detail[name]) for name in ("created_at", "updated_at")}


def as_rest_writes(instant):
    """Both write ISO 8601; the microseconds' trailing zeros are a matter of taste."""
    return instant.replace("Z", "+00:00")


def over_rest(doors, *args, **kwargs):
    detail = doors.rest(*args, **kwargs)
    return detail | {name: as_rest_writes(detail[name]) for name in ("created_at", "updated_at") if name in detail}


def but_its_own(detail):
    return {name: value for name, value in detail.items() if name not in OF_ITS_OWN}


def test_a_product_is_the_same_by_id_and_by_sku(doors):
    made = over_grpc(doors, "Create", messages.CreateRequest(fields=fields(FULL)))
    ways = [
        over_grpc(doors, "Get", messages.GetRequest(product_id=made["id"])),
        over_grpc(doors, "Get", messages.GetRequest(sku="L/1")),
        over_rest(doors, "GET", f"products/{made['id']}"),
        over_rest(doors, "GET", "products/by-sku/L/1"),
    ]
    assert ways == [made] * 4


CREATED = [
    FULL,
    {"sku": "L/1", "name": "Lamp"},
    {"sku": "", "name": "Lamp"},
    {"sku": "L/1"},
    {"name": "Lamp"},
    {"sku": "L/1", "name": "Lamp", "price": -1},
    {"sku": "L/1", "name": "Lamp", "rating": 5.5},
    {"sku": "L/1", "name": "Lamp", "currency": "euros"},
    {"sku": "L/1", "name": "Lamp", "category": "Lamps", "category_path": "Home > Tables"},
    {"sku": "L/1", "name": "Lamp", "tags": ["x" * 101]},
    {"sku": "L\x001", "name": "Lamp"},
    {"sku": "there", "name": "Lamp"},
]


def test_both_doors_make_the_same_of_the_same_fields_or_refuse_them_with_the_same_words(doors):
    make_product(sku="there", tenant_id=doors.tenant.pk)
    for values in CREATED:
        ours = outcome(over_grpc, doors, "Create", messages.CreateRequest(fields=fields(values)))
        Product.objects.filter(sku="L/1").update(sku=f"taken-{uuid.uuid4()}")
        theirs = outcome(over_rest, doors, "POST", "products", values)
        Product.objects.filter(sku="L/1").update(sku=f"taken-{uuid.uuid4()}")
        assert comparable(ours) == comparable(theirs), values


def comparable(said):
    return said if isinstance(said, Refusal) else but_its_own(said)


def test_an_update_changes_what_it_names_and_clears_what_its_mask_names(doors):
    for sku in ("ours", "theirs"):
        doors.rest("POST", "products", FULL | {"sku": sku})
    mask = {"paths": ["price", "tags", "name"]}
    request = messages.UpdateRequest(sku="ours", fields={"name": "New"}, update_mask=mask)
    ours = over_grpc(doors, "Update", request)
    theirs = over_rest(doors, "PATCH", "products/by-sku/theirs", {"name": "New", "price": None, "tags": None})
    assert but_its_own(ours) == but_its_own(theirs)
    assert (ours["price"], ours["tags"], ours["rating"]) == (None, [], 4.5)
    again = over_grpc(doors, "Update", messages.UpdateRequest(sku="ours", fields={"rating": 1}))
    assert (again["rating"], again["name"]) == (1, "New")


def test_a_revision_guards_a_write(doors):
    made = doors.rest("POST", "products", FULL)
    stale = messages.UpdateRequest(sku="L/1", fields={"name": "New"}, revision=made["revision"] + 1)
    for refused in (outcome(over_grpc, doors, "Update", stale), outcome(
        doors.rest, "PATCH", "products/by-sku/L/1", {"name": "New"}, headers={"if-match": '"99"'}
    )):  # fmt: skip
        assert (refused.status, refused.code) == (412, "precondition_failed")
    fresh = messages.UpdateRequest(sku="L/1", fields={"name": "New"}, revision=made["revision"])
    assert over_grpc(doors, "Update", fresh)["name"] == "New"


def test_a_product_that_is_not_there_is_not_found(doors):
    for method in ("Get", "Update", "Delete"):
        for named in ({"product_id": 987_654}, {"product_id": -1}, {"sku": "none"}, {"sku": "a\x00b"}):
            request = getattr(messages, f"{method}Request")(**named)
            assert outcome(doors.grpc, ProductServiceStub, method, request).status == 404, (method, named)


def test_a_deleted_product_is_gone_at_both_doors(doors):
    made = doors.rest("POST", "products", FULL)
    assert doors.grpc(ProductServiceStub, "Delete", messages.DeleteRequest(product_id=made["id"])) == {}
    path = f"products/{made['id']}"
    ours = outcome(over_grpc, doors, "Get", messages.GetRequest(product_id=made["id"]))
    assert ours == outcome(doors.rest, "GET", path)
    assert ours.status == 404


def test_a_product_must_be_named_and_a_mask_may_name_only_fields(doors):
    assert outcome(over_grpc, doors, "Get", messages.GetRequest()).fields.keys() == {"product"}
    doors.rest("POST", "products", FULL)
    request = messages.UpdateRequest(sku="L/1", update_mask={"paths": ["tenant_id"]})
    assert outcome(over_grpc, doors, "Update", request).fields.keys() == {"update_mask"}


def test_an_inactive_product_is_for_those_who_may_write(doors):
    doors.rest("POST", "products", FULL | {"is_active": False})
    assert over_grpc(doors, "Get", messages.GetRequest(sku="L/1"))["is_active"] is False
    reader = doors.with_scopes("recommendations:read")
    ours = outcome(over_grpc, reader, "Get", messages.GetRequest(sku="L/1"))
    assert ours == outcome(reader.rest, "GET", "products/by-sku/L/1")


def test_another_tenants_product_is_not_there(doors):
    theirs = make_product(sku="L/1", tenant_id=make_tenant().pk)
    for method in ("Get", "Update", "Delete"):
        for named in ({"product_id": theirs.pk}, {"sku": "L/1"}):
            request = getattr(messages, f"{method}Request")(**named)
            assert outcome(doors.grpc, ProductServiceStub, method, request).status == 404
    assert list(doors.grpc(ProductServiceStub, "List", messages.ListRequest())) == []


FILTERS = [
    {},
    {"search": "enamel -kettle"},
    {"category": "Kitchen"},
    {"category": "Nowhere"},
    {"tags": ["steel", "kettle"]},
    {"min_price": 20.0, "max_price": 40.0},
    {"min_price": 40.0, "max_price": 20.0},
    {"min_rating": 4.4, "ordering": "-price,name"},
    {"min_rating": 9.0},
    {"in_stock": False},
    {"ordering": "colour"},
    {"attributes": {"colour": "red"}},
    {"attributes": {"size.width": "5"}},
    {"attributes": {f"a{n}": "1" for n in range(6)}},
]


def test_the_same_filters_give_the_same_list_or_the_same_refusal(doors):
    home = "Home > Kitchen"
    rows = [
        {"sku": "1", "name": "Enamel kettle", "category": home, "tags": ["kettle", "enamel"], "price": 39},
        {"sku": "2", "name": "Enamel pot", "category": home, "rating": 4.6, "attributes": {"colour": "red"}},
        {"sku": "3", "name": "Steel kettle", "tags": ["kettle", "steel"], "price": 19.5, "rating": 4.5},
        {"sku": "4", "name": "Mat", "in_stock": False, "attributes": {"size": {"width": 5}}},
    ]
    doors.rest("POST", "products/bulk", rows)
    for query in FILTERS:
        ours = outcome(doors.grpc, ProductServiceStub, "List", messages.ListRequest(**query))
        theirs = outcome(doors.rest, "GET", "products", **as_query_string(query))
        if isinstance(theirs, Refusal):
            assert ours == theirs
        else:
            assert [item["product"] for item in ours] == theirs["products"], query


def as_query_string(query):
    said = {name: value for name, value in query.items() if name not in {"tags", "attributes", "in_stock"}}
    said |= {"tags": ",".join(query["tags"])} if "tags" in query else {}
    said |= {"in_stock": str(query["in_stock"]).lower()} if "in_stock" in query else {}
    return said | {f"attributes.{name}": value for name, value in query.get("attributes", {}).items()}


def test_a_list_may_be_cut(doors):
    for _ in range(3):
        make_product(tenant_id=doors.tenant.pk)
    assert len(doors.grpc(ProductServiceStub, "List", messages.ListRequest(limit=2))) == 2
    assert outcome(doors.grpc, ProductServiceStub, "List", messages.ListRequest(limit=0)).fields.keys() == {"limit"}


def stream(rows):
    return (messages.BulkUpsertRequest(fields=fields(row)) for row in rows)


def test_many_products_get_the_same_results_row_by_row(doors):
    rows = [{"sku": "a", "name": "A"}, {"sku": "b"}, {"sku": "c", "name": "C", "price": -1}, {"name": "nameless"}]
    ours = doors.grpc(ProductServiceStub, "BulkUpsert", stream(rows))
    Product.objects.all().delete()
    theirs = doors.rest("POST", "products/bulk", rows)
    counts = ("created", "updated", "unchanged", "rejected")
    assert {name: ours[name] for name in counts} == {name: theirs[name] for name in counts}
    for position, (our, their) in enumerate(zip(ours["results"], theirs["results"], strict=True)):
        assert (our["position"], our["sku"] or None, our["status"]) == (position, their["sku"], their["status"])
        assert (our["field"], our["error"]) == (their.get("field", ""), their.get("error", ""))
        assert (our["product_id"] is None) == ("id" not in their)


def test_of_a_long_stream_every_row_counts_and_only_bad_ones_are_listed(doors):
    bad = {7, 1001, 2222}
    rows = ({"sku": f"{n}", "name": "Thing", "price": -1.0 if n in bad else 1.0} for n in range(2500))
    told = doors.grpc(ProductServiceStub, "BulkUpsert", stream(rows))
    assert (told["created"], told["rejected"]) == (2497, 3)
    assert [result["position"] for result in told["results"]] == sorted(bad)
    assert Product.objects.filter(tenant=doors.tenant).count() == 2497


def test_what_is_no_number_is_refused_and_clears_nothing(doors):
    doors.rest("POST", "products", FULL)
    for number in (float("nan"), float("inf")):
        request = messages.UpdateRequest(sku="L/1", fields={"price": number})
        assert outcome(over_grpc, doors, "Update", request).fields.keys() == {"price"}
    assert Product.objects.get(sku="L/1").price == 12.5


def test_a_key_without_the_scope_is_refused_alike(doors):
    stranger = doors.with_scopes("events:write")
    refused = outcome(over_grpc, stranger, "Get", messages.GetRequest(sku=str(uuid.uuid4())))
    theirs = outcome(stranger.rest, "GET", "products/by-sku/x")
    assert (refused.status, refused.code) == (theirs.status, theirs.code) == (403, "permission_denied")


def test_an_unknown_key_is_refused_alike(doors):
    nobody = doors.with_key("sdr_nobody")
    refused = outcome(over_grpc, nobody, "Get", messages.GetRequest(sku="x"))
    assert refused == outcome(nobody.rest, "GET", "products/by-sku/x")
    assert refused.status == 401
