from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.db.models import Q

from catalog import editing, services
from catalog.categories import CategoryIds
from catalog.drafts import parse_fields
from catalog.models import Category, Product, ProductChange
from catalog.rows import ProductRow, parse_record
from catalog.services import UpsertResult
from sdr.accounts.models import DEFAULT_TENANT_ID
from sdr.exceptions import Conflict, PreconditionFailed
from tests.eventually import eventually
from tests.factories import make_product, make_tenant

pytestmark = pytest.mark.django_db


def upsert(*records: dict[str, str], tenant_id: int = DEFAULT_TENANT_ID, **kw) -> UpsertResult:
    return services.upsert_products(tenant_id, [row(**record) for record in records], **kw)


def row(**fields: str) -> ProductRow:
    return parse_record({"name": "Lamp"} | fields)


def product(sku: str = "a") -> Product:
    return Product.objects.get(sku=sku)


def test_new_products_are_created_with_the_defaults_of_what_is_left_out():
    assert upsert({"sku": "a"}) == UpsertResult(created=1)
    assert (product().in_stock, product().is_active, product().tags, product().price) == (True, True, [], None)


def test_every_field_arrives():
    upsert(
        {
            "sku": "a",
            "name": "Desk lamp",
            "category": "Home > Lamps",
            "price": "12.5",
            "currency": "EUR",
            "rating": "4.5",
            "rating_count": "7",
            "tags": "warm,desk",
            "description": "Shines.",
            "image_url": "https://example.com/a.png",
            "in_stock": "no",
            "is_active": "no",
            "variant_group": "lamps",
            "attributes": '{"watts": 5}',
        }
    )
    fields = Product.objects.values_list(
        "name", "category__path", "currency", "rating", "rating_count", "tags", "description", "image_url",
        "in_stock", "is_active", "variant_group", "attributes",
    ).get()  # fmt: skip
    assert fields == (
        "Desk lamp", "Home > Lamps", "EUR", 4.5, 7, ["warm", "desk"], "Shines.", "https://example.com/a.png",
        False, False, "lamps", {"watts": 5},
    )  # fmt: skip


def test_what_a_row_leaves_out_stays_and_what_it_empties_goes():
    upsert({"sku": "a", "price": "5", "description": "Old", "tags": "x", "in_stock": "no", "category": "Home"})
    assert upsert({"sku": "a", "name": "Lantern", "description": "", "in_stock": ""}) == UpsertResult(updated=1)
    stored = product()
    assert (stored.name, stored.price, stored.description, stored.tags) == ("Lantern", 5, "", ["x"])
    assert (stored.in_stock, stored.category.path) == (False, "Home")


def test_an_emptied_category_is_none():
    upsert({"sku": "a", "category": "Home"})
    upsert({"sku": "a", "category": ""})
    assert product().category is None


def test_the_same_rows_again_change_log_and_lock_nothing():
    records = [{"sku": str(n), "category": "Home > Lamps", "price": "0.1", "tags": "a,b"} for n in range(5)]
    upsert(*records)
    n_changes = ProductChange.objects.count()
    assert upsert(*records) == UpsertResult(unchanged=5)
    assert ProductChange.objects.count() == n_changes
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM catalog_product WHERE xmax <> 0")
        assert cursor.fetchone() == (0,)


def test_loading_again_does_not_use_up_ids():
    upsert({"sku": "a"})
    upsert({"sku": "a"}, {"sku": "b"})
    assert product("b").pk == product("a").pk + 1


def test_of_a_repeated_sku_the_last_row_holds():
    assert upsert({"sku": "a", "name": "First"}, {"sku": "a", "name": "Last"}) == UpsertResult(created=1, repeated=1)
    assert product().name == "Last"


def test_a_sku_repeated_in_a_later_batch_holds_too():
    result = upsert({"sku": "a", "name": "First"}, {"sku": "a", "name": "Last"}, batch_size=1)
    assert (result, product().name) == (UpsertResult(created=1, updated=1), "Last")


def test_a_deleted_product_comes_back_with_its_id():
    lamp = make_product(sku="a", name="Lamp")
    services.delete_products(Product.objects.all())
    assert upsert({"sku": "a"}) == UpsertResult(updated=1)
    assert product().pk == lamp.pk


def test_the_sku_of_another_tenant_is_another_product():
    other = make_tenant()
    upsert({"sku": "a", "category": "Home"})
    upsert({"sku": "a", "name": "Theirs", "category": "Home"}, tenant_id=other.pk)
    assert product_names() == [("Lamp", "default"), ("Theirs", other.slug)]
    assert Product.objects.get(name="Theirs").category.tenant == other


def product_names() -> list[tuple[str, str]]:
    return list(Product.objects.order_by("name").values_list("name", "tenant__slug"))


def test_categories_are_made_with_their_parents_once():
    upsert({"sku": "a", "category": "Home > Kitchen > Knives"}, {"sku": "b", "category": "Home"}, batch_size=1)
    paths = Category.objects.values_list("path", "slug", "parent__path")
    assert list(paths) == [
        ("Home", "home", None),
        ("Home > Kitchen", "home-kitchen", "Home"),
        ("Home > Kitchen > Knives", "home-kitchen-knives", "Home > Kitchen"),
    ]


def test_categories_whose_slugs_would_collide_are_all_made():
    upsert({"sku": "a", "category": "A > B"}, {"sku": "b", "category": "A-B"}, {"sku": "c", "category": "!"})
    assert set(Category.objects.values_list("path", "slug")) == {
        ("A", "a"),
        ("A-B", "a-b"),
        ("A > B", "a-b-2"),
        ("!", "category"),
    }


def test_a_slug_that_somebody_else_took_meanwhile_is_no_obstacle():
    categories = CategoryIds(DEFAULT_TENANT_ID)
    categories.for_paths(["Home"])
    Category.objects.create(name="A-B")
    assert Category.objects.get(pk=categories.for_paths(["A > B"])["A > B"]).slug == "a-b-2"


class TestTwoWriters:
    """One holds a transaction open while the other, on a connection of its own, writes the same product."""

    @pytest.fixture
    def meanwhile(self, transactional_db):
        """Run ``write`` in a thread of its own while the block's transaction is open, and wait for it afterwards."""

        @contextmanager
        def meanwhile(write):
            with ThreadPoolExecutor(1) as pool:
                with transaction.atomic():
                    yield
                    written = pool.submit(in_a_thread, write)
                    eventually(lambda: is_anybody_waiting() or written.done())
                written.result()

        return meanwhile

    def test_a_row_does_not_undo_what_another_wrote_meanwhile(self, meanwhile):
        upsert({"sku": "a", "price": "1", "rating": "1"})
        with meanwhile(lambda: upsert({"sku": "a", "rating": "2"})):
            upsert({"sku": "a", "price": "3"})
        assert (product().price, product().rating) == (3, 2)

    def test_a_new_product_is_laid_over_the_one_that_another_made_meanwhile(self, meanwhile):
        with meanwhile(lambda: upsert({"sku": "a", "rating": "2"})):
            upsert({"sku": "a", "price": "3"})
        assert (product().price, product().rating) == (3, 2)

    def test_of_two_who_create_one_sku_one_is_told(self, meanwhile):
        draft = parse_fields({"sku": "a", "name": "First"})
        told = []

        def create():
            try:
                editing.create_product(DEFAULT_TENANT_ID, parse_fields({"sku": "a", "name": "Second"}))
            except Conflict as error:
                told.append(error.field)

        with meanwhile(create):
            editing.create_product(DEFAULT_TENANT_ID, draft)
        assert (product().name, told) == ("First", ["sku"])

    def test_of_two_who_have_seen_the_same_one_is_told(self, meanwhile):
        pk = make_product(sku="a").pk

        def seen(revision):
            if revision != 1:
                raise PreconditionFailed("It has changed.")

        def change():
            with pytest.raises(PreconditionFailed):
                editing.change_product(DEFAULT_TENANT_ID, Q(pk=pk), {"name": "Second"}, seen)

        with meanwhile(change):
            editing.change_product(DEFAULT_TENANT_ID, Q(pk=pk), {"name": "First"}, seen)
        assert product().name == "First"


def in_a_thread(write):
    try:
        write()
    finally:
        connection.close()


def is_anybody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return cursor.fetchone()[0]
