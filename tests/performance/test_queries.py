"""How many statements PostgreSQL is sent, whatever the size of what is asked."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog import services
from catalog.categories import CategoryIds
from catalog.editing import MAX_ROWS
from catalog.rows import parse_record
from sdr.accounts.models import DEFAULT_TENANT_ID
from tests.factories import make_staff
from tests.integration.events.archiving import archive, make_broker, send
from tests.unit.events.factories import make_event

pytestmark = pytest.mark.django_db


def rows(n):
    return [
        parse_record({"sku": f"many {i}", "name": f"Knives {i}", "category": f"Home > C{i % 20}"}) for i in range(n)
    ]


def statements(work) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        work()
    return [query["sql"] for query in queries]


@pytest.fixture
def many(db):
    services.upsert_products(DEFAULT_TENANT_ID, rows(210))


@pytest.fixture
def staff(client):
    client.force_login(make_staff(is_superuser=True))
    return client


@pytest.mark.parametrize("query", [{}, {"category": "Home", "search": "knives", "ordering": "-price"}])
def test_a_long_page_of_products_takes_no_more_than_a_short_one(client, many, query):
    def page(page_size):
        return lambda: client.get("/api/products", {"page_size": page_size, **query})

    page(1)()
    short, long = statements(page(1)), statements(page(200))
    assert len(short) == len(long) <= 6


def test_a_full_bulk_takes_few_statements(client):
    body = json.dumps([{"sku": str(n), "name": "N", "category": f"C{n % 50}"} for n in range(MAX_ROWS)])
    assert len(statements(lambda: client.post("/api/products/bulk", body, "application/json"))) <= 12


def test_a_batch_of_an_import_takes_a_handful_whatever_its_size(many):
    categories = CategoryIds(DEFAULT_TENANT_ID)
    categories.for_paths([f"Home > C{n}" for n in range(20)])
    assert len(statements(lambda: services.upsert_batch(categories, rows(300)))) <= 3


def test_the_admins_product_list_does_not_count_the_catalogue_and_does_not_ask_per_row(staff, many):
    def shown():
        assert staff.get(reverse("admin:catalog_product_changelist")).status_code == 200

    shown()
    sent = statements(shown)
    assert len(sent) <= 10
    assert not [sql for sql in sent if "COUNT(*)" in sql and "catalog_product" in sql]


def test_the_admins_list_of_events_asks_little_however_long_it_is(staff):
    def shown():
        path = reverse("admin:events_interaction_changelist")
        assert staff.get(path, {"within": "week", "kind__exact": "click"}).status_code == 200

    broker = make_broker()
    send(broker, make_event(1))
    archive(broker)
    one = statements(shown)
    for number in range(2, 40):
        send(broker, make_event(number))
    archive(broker)
    assert len(statements(shown)) == len(one) <= 12
