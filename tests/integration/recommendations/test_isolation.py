"""Every operation of the OpenAPI document, tried with another tenant's things, without a key, and with a useless one.

Nothing is listed here: an endpoint that is new is tried, too.
"""

import json

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from catalog.models import Product
from sdr.accounts import services
from sdr.accounts.models import Scope, User
from tests.factories import make_product, make_tenant

METHODS = {"get", "post", "put", "patch", "delete"}
OPEN = {"/api/"}
# What their things are called, which an answer may repeat, and what they say, which none may.
NAME, SECRET = "their-name", "their-secret"


@pytest.fixture(scope="module")
def operations():
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    found = [(method, path) for path, item in paths.items() for method in METHODS & set(item) if path not in OPEN]
    assert len(found) > 10
    return sorted(found)


@pytest.fixture
def theirs(shop):
    """Another shop's product and shopper; ours has an index."""
    tenant = make_tenant("theirs")
    product = make_product(tenant_id=tenant.pk, sku=NAME, name=SECRET, category=SECRET, description=SECRET)
    shopper = User.objects.create(tenant=tenant, external_id=NAME, preferences={"favorite_categories": [SECRET]})
    shop.rebuild()
    return product, shopper


def ask(method, path, key, product_id=1):
    filled = path.format(product_id=product_id, sku=NAME, external_id=NAME)
    query = f"?candidate={product_id}" if "explain" in path else ""
    headers = {"HTTP_AUTHORIZATION": f"Bearer {key}"} if key else {}
    body = b"" if method == "get" else json.dumps(body_for(path)).encode()
    return Client().generic(method.upper(), filled + query, body, "application/json", **headers)


def body_for(path):
    if "/products" in path:
        return {"name": "ours"}
    return {"favorite_categories": ["ours"]} if "preferences" in path else {"sku": NAME, "session_id": NAME}


def state_of(product, shopper):
    product, shopper = Product.all_objects.get(pk=product.pk), User.objects.get(pk=shopper.pk)
    return {name: value for name, value in vars(product).items() if name != "_state"}, shopper.preferences


def test_nobody_reaches_what_is_another_tenants(operations, theirs, tenant):
    product, shopper = theirs
    before = state_of(product, shopper)
    key = services.create_key(tenant, Scope.values)[1]
    for method, path in operations:
        answer = ask(method, path, key, product.pk)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert SECRET.encode() not in content, (method, path)
        assert answer.status_code < 500, (method, path, content)
        if "{product_id}" in path or "{sku}" in path:
            # With PUT one makes a product of one's own by that SKU; it goes again, to be nobody's for what comes next.
            makes_one = (method, "{sku}" in path) == ("put", True)
            assert answer.status_code == (201 if makes_one else 404), (method, path, content)
            Product.all_objects.filter(sku=NAME, tenant=tenant).delete()
        assert state_of(product, shopper) == before, (method, path)


def test_no_operation_is_open(operations, tenant, settings):
    settings.API_KEYS_REQUIRED = True
    useless = services.create_key(tenant, [])[1]
    for method, path in operations:
        statuses = [ask(method, path, key).status_code for key in (None, "sdr_nobody", useless)]
        assert statuses == [401, 401, 403], (method, path)


def test_a_public_key_changes_no_shop_and_knows_no_shopper(operations, tenant):
    public = services.create_key(tenant, Scope.values, is_public=True)[1]
    for method, path in operations:
        is_for_browsers = (method == "get" and "/users/" not in path) or path == "/api/events"
        is_for_browsers |= path.endswith("}/recommendations")
        status = ask(method, path, public).status_code
        assert (status != 403) is is_for_browsers, (method, path, status)
