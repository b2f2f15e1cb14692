"""Who takes part in the live state."""

import uuid

import pytest
from django.db import connection

from events.kinds import Kind
from events.models import TrendWeights
from events.tenants import TenantDirectory
from sdr.accounts.models import Tenant

pytestmark = pytest.mark.django_db


def make_tenant():
    return Tenant.objects.create(slug=f"t-{uuid.uuid4().hex[:8]}", name="Test")


def test_a_tenant_that_is_younger_than_what_was_read_is_found_when_it_is_needed():
    directory = TenantDirectory()
    directory.ids()
    tenant = make_tenant()
    assert tenant.slug not in directory.ids()
    assert directory.ids({tenant.slug})[tenant.slug] == tenant.pk


def test_an_unknown_tenant_stays_unknown():
    assert "nobody" not in TenantDirectory().ids({"nobody"})


def test_a_tenants_own_weights_count():
    tenant = make_tenant()
    TrendWeights.objects.create(tenant=tenant, click=7)
    directory = TenantDirectory()
    directory.ids()
    assert directory.weights(tenant.slug)[Kind.CLICK] == 7
    assert directory.weights("another")[Kind.CLICK] == 1


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_broke_is_made_anew():
    directory = TenantDirectory()
    directory.ids()
    connection.connection.close()  # as a restart of Postgres leaves it: broken, and nobody told Django
    tenant = make_tenant_elsewhere()
    with pytest.raises(Exception, match="Postgres"):
        directory.ids({tenant})
    assert tenant in directory.ids({tenant})


def make_tenant_elsewhere():
    """Create a tenant over another connection."""
    other = connection.copy()
    slug = f"t-{uuid.uuid4().hex[:8]}"
    with other.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_tenant (slug, name, is_active, created_at) VALUES (%s, 'Test', true, now())", [slug]
        )
    other.close()
    return slug
