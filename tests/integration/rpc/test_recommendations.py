"""The gRPC door of recommendations, against the REST door over the same index."""

import grpc
import pytest
from django.test import Client
from google.protobuf.json_format import MessageToDict

from catalog.models import Category, Product
from protos.recommendations.v1.recommendations_pb2 import GetRecommendationsRequest
from protos.recommendations.v1.recommendations_pb2_grpc import RecommendationServiceStub
from recommendations import serving
from recommendations.index.rebuild import rebuild
from sdr.accounts import access
from sdr.accounts.models import Tenant
from sdr.rpc.server import RpcServer
from tests.eventually import eventually

pytestmark = pytest.mark.django_db(transaction=True)

KNIVES = [
    # name, price, rating, tags
    ("Chef's knife of forged steel", "79.9", 4.7, ["knife", "steel", "kitchen"]),
    ("Bread knife with a serrated blade", "34", 4.2, ["knife", "bread", "kitchen"]),
    ("Paring knife for fruit and vegetables", None, 4.9, ["knife", "fruit"]),
    ("Sharpening stone for a steel knife", "21.5", None, ["stone", "knife", "steel"]),
    ("Magnetic rack for kitchen knives", "29.95", 3.8, ["rack", "kitchen"]),
    ("Cutting board of oak", "45", 4.4, ["board", "oak", "kitchen"]),
]


@pytest.fixture(autouse=True)
def _static_root(settings):
    # Whitenoise warns where nobody has collected static files.
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


@pytest.fixture
def tenant():
    return Tenant.objects.create(slug="cutlers", name="Cutlers")


@pytest.fixture
def key(tenant):
    return access.create_key(tenant, ["recommendations:read"])[1]


@pytest.fixture
def products(tenant):
    home = Category.objects.create(tenant=tenant, name="Home")
    knives = Category.objects.create(tenant=tenant, name="Knives", parent=home)
    return [
        Product.objects.create(
            tenant=tenant,
            sku=f"K/{n}",
            name=name,
            category=knives,
            price=price,
            currency="EUR",
            rating=rating,
            tags=tags,
            description=f"{name}, made to last.",
        )
        for n, (name, price, rating, tags) in enumerate(KNIVES)
    ]


@pytest.fixture
def _index(products):
    rebuild(products[0].tenant)
    yield
    serving.stop()


@pytest.fixture
def stub(_index):
    server = RpcServer("127.0.0.1:0", max_workers=2)
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield RecommendationServiceStub(channel)
    server.stop(grace_seconds=0)


def over_grpc(stub, key, **request):
    metadata = [("authorization", f"Bearer {key}")]
    return stub.GetRecommendations(GetRecommendationsRequest(**request), metadata=metadata, timeout=10)


def over_rest(key, path, **query):
    return Client().get(f"/api/recommendations/{path}", query, headers={"authorization": f"Bearer {key}"})


def refusal(stub, key, **request):
    with pytest.raises(grpc.RpcError) as refused:
        over_grpc(stub, key, **request)
    return refused.value.code(), refused.value.details()


def as_rest_shows_it(item):
    """Return a gRPC recommendation in REST's shape: what is absent is null."""
    fields = item.product.DESCRIPTOR.fields
    product = {
        field.name: None
        if field.has_presence and not item.product.HasField(field.name)
        else list(item.product.tags)
        if field.name == "tags"
        else getattr(item.product, field.name)
        for field in fields
    }
    return {"product": product, "score": item.score, "reason": item.reason, "reason_code": item.reason_code}


def test_both_doors_give_the_same_products_scores_and_reasons(stub, key, products):
    eventually(lambda: not over_grpc(stub, key, product_id=products[0].pk).degraded)
    for limit, n_shown in [(1, 1), (3, 3), (100, len(KNIVES) - 1)]:
        ours = over_grpc(stub, key, product_id=products[0].pk, limit=limit)
        theirs = over_rest(key, products[0].pk, limit=limit).json()
        assert len(ours.recommendations) == n_shown
        assert [as_rest_shows_it(item) for item in ours.recommendations] == theirs["recommendations"]
        assert (ours.index_version, list(ours.degraded)) == (theirs["index_version"], theirs["degraded"])


def test_both_doors_take_the_same_conditions(stub, key, products):
    eventually(lambda: not over_grpc(stub, key, product_id=products[0].pk).degraded)
    for conditions in (
        {"exclude": [products[1].pk], "limit": 2},
        {"category": "Knives", "min_price": 20, "max_price": 40, "in_stock": True},
        {"user_id": "u-7", "session_id": "s-9", "evidence": True},
    ):
        ours = over_grpc(stub, key, product_id=products[0].pk, **conditions)
        theirs = over_rest(key, products[0].pk, **conditions).json()["recommendations"]
        shown = [as_rest_shows_it(item) for item in ours.recommendations]
        assert shown == [{name: item[name] for name in shown[0]} for item in theirs] != []
        if "evidence" in conditions:
            scored = [
                (item, other) for item, other in zip(ours.recommendations, theirs, strict=True) if other["evidence"]
            ]
            assert scored
            for item, other in scored:
                one = MessageToDict(item.evidence, preserving_proto_field_name=True)["terms"]
                two = other["evidence"]["terms"]
                assert [term["contribution"] for term in one] == [term["contribution"] for term in two]
                assert one[0]["shared"] == two[0]["shared"]


def test_a_bad_condition_is_invalid_and_named(stub, key, products):
    for field, value in (("category", "Submarines"), ("exclude", [-1]), ("min_price", -1), ("user_id", "u" * 201)):
        code, details = refusal(stub, key, product_id=products[0].pk, **{field: value})
        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert field in details


def test_a_product_may_be_named_by_its_sku(stub, key, products):
    by_id = over_grpc(stub, key, product_id=products[1].pk)
    by_sku = over_grpc(stub, key, sku=products[1].sku)
    assert list(by_sku.recommendations) == list(by_id.recommendations)


def test_an_unknown_price_or_rating_is_absent(stub, key, products):
    shown = {r.product.id: r.product for r in over_grpc(stub, key, product_id=products[0].pk, limit=10).recommendations}
    assert not shown[products[2].pk].HasField("price")
    assert not shown[products[3].pk].HasField("rating")
    assert shown[products[4].pk].price == 29.95


def test_without_a_limit_there_are_five(stub, key, products):
    assert len(over_grpc(stub, key, product_id=products[0].pk).recommendations) == 5


def test_a_limit_out_of_range_is_invalid_at_both_doors(stub, key, products):
    for limit in (0, -1, 101, 1000):
        code, details = refusal(stub, key, product_id=products[0].pk, limit=limit)
        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert "limit" in details
        assert over_rest(key, products[0].pk, limit=limit).status_code == 400


def test_a_product_must_be_named(stub, key):
    code, details = refusal(stub, key, limit=5)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "product_id" in details


def test_an_unknown_product_is_not_found(stub, key):
    for named in ({"product_id": 987_654}, {"product_id": -1}, {"product_id": 2**62}, {"sku": "none"}, {"sku": ""}):
        assert refusal(stub, key, **named)[0] is grpc.StatusCode.NOT_FOUND


def test_another_tenants_product_is_not_found(stub, products):
    stranger = Tenant.objects.create(slug="bakers", name="Bakers")
    Product.objects.create(tenant=stranger, sku="B/1", name="Sourdough")
    rebuild(stranger)
    _, key = access.create_key(stranger, ["recommendations:read"])
    assert refusal(stub, key, product_id=products[0].pk)[0] is grpc.StatusCode.NOT_FOUND


def test_without_an_index_the_service_is_unavailable(stub):
    newcomer = Tenant.objects.create(slug="newcomers", name="Newcomers")
    _, key = access.create_key(newcomer, ["recommendations:read"])
    assert refusal(stub, key, product_id=1)[0] is grpc.StatusCode.UNAVAILABLE
