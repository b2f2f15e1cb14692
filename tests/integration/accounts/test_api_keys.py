import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from sdr import clock
from sdr.accounts import access
from sdr.accounts.models import ApiKey, Scope, Tenant
from tests.factories import make_product, make_tenant

pytestmark = pytest.mark.django_db


def make_key(**options) -> str:
    out = io.StringIO()
    call_command("create_api_key", stdout=out, **options)
    return out.getvalue().strip()


def answer(client, key: str, path: str = "/api/products"):
    return client.get(path, HTTP_AUTHORIZATION=f"Bearer {key}")


def test_a_key_is_printed_once_and_kept_as_a_hash():
    key = make_key(name="web shop")
    row = ApiKey.objects.get()
    assert (row.name, row.tenant.slug, row.hashed_key) == ("web shop", "default", access.hash_key(key))
    assert key.startswith(row.prefix)
    assert key not in str(vars(row))


def test_a_key_without_scopes_named_may_do_everything():
    assert access.authenticate(f"Bearer {make_key()}", None).scopes == frozenset(Scope.values)


def test_the_tenant_comes_from_the_key(client):
    tenant = make_tenant("books")
    make_product(sku="lamp")
    make_product(sku="novel", tenant_id=tenant.pk)
    products = answer(client, make_key(tenant="books")).json()["products"]
    assert [product["sku"] for product in products] == ["novel"]


def test_a_key_opens_only_the_doors_of_its_scopes(client):
    key = make_key(scopes=["events:write", "events:write"])
    assert ApiKey.objects.get().scopes == ["events:write"]
    refused = answer(client, key)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "permission_denied")
    assert "recommendations:read" in refused.json()["error"]["message"]


@pytest.mark.parametrize("scopes", [["everything"], []])
def test_a_scope_that_is_none_is_refused(scopes):
    with pytest.raises(CommandError):
        call_command("create_api_key", "--scopes", *scopes)


def test_a_tenant_that_is_closed_or_unknown_gets_no_key():
    make_tenant("closed", is_active=False)
    for slug in ("closed", "nobody"):
        with pytest.raises(CommandError, match=f"no active tenant '{slug}'"):
            make_key(tenant=slug)


def test_a_key_ends_with_its_date_and_with_its_tenant(client):
    key = make_key()
    assert answer(client, key).status_code == 200
    ApiKey.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert answer(client, key).status_code == 401
    ApiKey.objects.update(expires_at=clock.now() + timedelta(days=1))
    assert answer(client, key).status_code == 200
    Tenant.objects.update(is_active=False)
    assert answer(client, key).status_code == 401


@pytest.mark.parametrize("key", ["sdr_unheard-of", "nul\0"])
def test_an_unknown_key_is_refused_even_from_this_machine(client, key):
    refused = answer(client, key)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "unauthenticated")
    assert refused["WWW-Authenticate"] == "Bearer"


def test_without_a_key_another_machine_is_refused_in_either_format(client):
    assert client.get("/api/products", REMOTE_ADDR="10.0.0.1").status_code == 401
    page = client.get("/api/products", REMOTE_ADDR="10.0.0.1", HTTP_ACCEPT="text/html")
    assert (page.status_code, page["Content-Type"]) == (401, "text/html; charset=utf-8")
