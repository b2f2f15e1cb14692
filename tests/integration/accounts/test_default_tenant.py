import pytest
from django.core.management import call_command
from django.db import connection

from sdr.accounts.models import DEFAULT_TENANT, DEFAULT_TENANT_ID, Tenant, User


@pytest.mark.django_db
def test_the_default_tenant_is_there_without_anybodys_doing():
    assert Tenant.objects.get().slug == DEFAULT_TENANT
    assert Tenant.objects.get().pk == DEFAULT_TENANT_ID


@pytest.mark.django_db
def test_the_next_tenant_gets_an_id_of_its_own():
    assert Tenant.objects.create(slug="books", name="Books").pk > DEFAULT_TENANT_ID


@pytest.mark.django_db(transaction=True)
def test_a_flush_does_not_lose_it():
    Tenant.objects.create(slug="books", name="Books")
    call_command("flush", interactive=False, verbosity=0)
    assert list(Tenant.objects.values_list("pk", "slug")) == [(DEFAULT_TENANT_ID, DEFAULT_TENANT)]
    assert Tenant.objects.create(slug="books", name="Books").pk > DEFAULT_TENANT_ID


@pytest.mark.django_db
def test_no_extension_of_postgres_is_needed():
    with connection.cursor() as cursor:
        cursor.execute("SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'")
        assert cursor.fetchall() == []


@pytest.mark.django_db
def test_a_shopper_is_a_row_without_a_password_or_a_name():
    shoppers = [User.objects.create(external_id=f"u-{n}") for n in range(2)]
    assert not any(shopper.has_usable_password() for shopper in shoppers)
    assert len({shopper.username for shopper in shoppers}) == 2
    assert str(shoppers[0]) == "u-0"


@pytest.mark.django_db
def test_every_model_has_its_migration():
    call_command("makemigrations", "accounts", "catalog", check=True, dry_run=True, verbosity=0)
