"""The change log is the database's own: it must not matter who writes, or how."""

import threading
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import F

from catalog import selectors, services
from catalog.models import Category, Product, ProductChange
from catalog.rows import parse_record
from sdr.accounts.models import DEFAULT_TENANT_ID
from tests.factories import make_product, make_tenant

pytestmark = pytest.mark.django_db


def log() -> list[tuple[int, int, bool]]:
    """What was logged since the last call: product, revision, whether it is gone."""
    rows = list(ProductChange.objects.order_by("id").values_list("product_id", "revision", "is_deleted"))
    ProductChange.objects.all().delete()
    return rows


@pytest.fixture
def lamp() -> Product:
    lamp = make_product(name="Lamp", price=Decimal("9.5"), tags=["warm"], category="Home")
    log()
    return lamp


def test_a_new_product_is_logged_with_its_first_revision():
    product = make_product()
    assert log() == [(product.pk, 1, False)]


def test_products_created_in_bulk_are_all_logged():
    products = Product.objects.bulk_create([Product(sku=str(n), name="x") for n in range(3)])
    assert log() == [(product.pk, 1, False) for product in products]


def test_an_upsert_in_bulk_is_logged_where_it_changes_something(lamp):
    rows = [Product(sku=lamp.sku, name="Lantern"), Product(sku="new", name="New")]
    Product.objects.bulk_create(rows, update_conflicts=True, unique_fields=["tenant", "sku"], update_fields=["name"])
    new = Product.objects.get(sku="new")
    assert sorted(log()) == sorted([(lamp.pk, 2, False), (new.pk, 1, False)])


def test_an_upsert_of_the_same_values_is_no_change(lamp):
    rows = [Product(sku=lamp.sku, name=lamp.name, price=lamp.price)]
    Product.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["tenant", "sku"], update_fields=["name", "price"]
    )
    before = lamp.updated_at
    lamp.refresh_from_db()
    assert (log(), lamp.revision, lamp.updated_at) == ([], 1, before)


def test_a_save_moves_the_revision_and_the_time_on(lamp):
    before = lamp.updated_at
    lamp.name = "Lantern"
    lamp.save()
    lamp.refresh_from_db()
    assert lamp.revision == 2
    assert lamp.updated_at > before
    assert log() == [(lamp.pk, 2, False)]


def test_an_update_of_a_queryset_is_logged(lamp):
    Product.objects.update(price=F("price") * 2)
    assert log() == [(lamp.pk, 2, False)]


def test_an_update_that_changes_nothing_is_not(lamp):
    Product.objects.update(price=F("price"), tags=["warm"])
    assert log() == []


def test_raw_sql_is_logged(lamp):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_product SET in_stock = false")
    assert log() == [(lamp.pk, 2, False)]


def test_a_soft_deletion_and_a_return_are_logged(lamp):
    services.delete_products(Product.objects.all())
    services.restore_products(Product.all_objects.all())
    assert log() == [(lamp.pk, 2, True), (lamp.pk, 3, False)]


def test_a_real_deletion_is_logged(lamp):
    pk = lamp.pk
    Product.objects.all().delete()
    assert log() == [(pk, 1, True)]


def test_a_category_that_goes_changes_its_products(lamp):
    lamp.category.delete()
    assert log() == [(lamp.pk, 2, False)]


def test_a_category_that_is_renamed_changes_the_cards_of_all_products_below(lamp):
    desk_lamp = make_product(category="Home > Desks")
    elsewhere = make_product(category="Garden")
    log()
    home = Category.objects.get(path="Home")
    home.name = "House"
    home.save()
    assert sorted(log()) == sorted([(lamp.pk, 2, False), (desk_lamp.pk, 2, False)])
    assert Product.objects.get(pk=desk_lamp.pk).category.path == "House > Desks"
    assert Product.objects.get(pk=elsewhere.pk).revision == 1


def test_a_rolled_back_change_was_never_made(lamp):
    with transaction.atomic():
        Product.objects.update(name="Lantern")
        transaction.set_rollback(True)
    assert log() == []


class TestChangedSince:
    def test_without_a_marker_any_product_is_news(self):
        assert not selectors.changed_since(DEFAULT_TENANT_ID, None)
        make_product()
        assert selectors.changed_since(DEFAULT_TENANT_ID, None)

    @pytest.mark.django_db(transaction=True)
    def test_what_is_committed_after_the_marker_is_news(self):
        make_product()
        marker = selectors.snapshot_marker()
        assert not selectors.changed_since(DEFAULT_TENANT_ID, marker)
        make_product()
        assert selectors.changed_since(DEFAULT_TENANT_ID, marker)

    @pytest.mark.django_db(transaction=True)
    def test_another_tenants_change_is_no_news(self):
        marker = selectors.snapshot_marker()
        make_product(tenant_id=make_tenant().pk)
        assert not selectors.changed_since(DEFAULT_TENANT_ID, marker)

    @pytest.mark.django_db(transaction=True)
    def test_a_change_that_was_under_way_at_the_marker_is_not_missed(self):
        """Its id is taken early and its commit comes late: a log read by id would pass it by."""
        written, marked = threading.Event(), threading.Event()

        def write_slowly() -> None:
            with transaction.atomic():
                make_product(sku="slow")
                written.set()
                marked.wait(10)
            connection.close()

        writer = threading.Thread(target=write_slowly)
        writer.start()
        written.wait(10)
        make_product(sku="quick")
        marker = selectors.snapshot_marker()
        seen = selectors.product_ids_by_sku(DEFAULT_TENANT_ID, ["slow", "quick"])
        marked.set()
        writer.join()
        assert list(seen) == ["quick"]
        assert selectors.changed_since(DEFAULT_TENANT_ID, marker)


def test_prices_are_stored_to_the_last_digit():
    services.upsert_products(DEFAULT_TENANT_ID, [parse_record({"sku": "a", "name": "A", "price": "0.00845763"})])
    assert Product.objects.get(sku="a").price == Decimal("0.00845763")
