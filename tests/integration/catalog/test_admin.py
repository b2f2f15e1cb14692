"""What a merchandiser does."""

from decimal import Decimal

import pytest
from django.urls import reverse

from catalog import services
from catalog.models import Category, Product, ProductChange
from sdr.accounts.models import DEFAULT_TENANT_ID
from tests.factories import make_category, make_product, make_tenant

pytestmark = pytest.mark.django_db

PRODUCTS = "admin:catalog_product_changelist"
CATEGORIES = "admin:catalog_category_changelist"


@pytest.fixture
def admin(admin_client):
    return admin_client


def listed(admin, **query) -> list[str]:
    return [product.sku for product in admin.get(reverse(PRODUCTS), query).context["cl"].result_list]


def change(admin, product: Product, **fields):
    """Send the product's form back with ``fields`` changed."""
    url = reverse("admin:catalog_product_change", args=[product.pk])
    form = admin.get(url).context["adminform"].form
    shown = {name: field.prepare_value(form.get_initial_for_field(field, name)) for name, field in form.fields.items()}
    return admin.post(
        url, {name: value for name, value in (shown | fields).items() if value is not None and value is not False}
    )


def test_products_are_found_by_sku_and_name_and_by_filters(admin):
    make_product(sku="L-1", name="Desk lamp", category="Home > Lamps")
    make_product(sku="G-1", name="Gnome", category="Garden", in_stock=False, is_active=False)
    assert listed(admin, q="desk") == listed(admin, q="l-1") == ["L-1"]
    assert listed(admin, in_stock__exact="0") == listed(admin, is_active__exact="0") == ["G-1"]
    home = Category.objects.get(path="Home")
    assert listed(admin, category__id__exact=home.pk) == ["L-1"]
    assert listed(admin, tenant__id__exact=DEFAULT_TENANT_ID) == ["G-1", "L-1"]


def test_prices_and_flags_are_edited_in_the_list(admin):
    lamp = make_product(price=Decimal("12.50"))
    page = admin.get(reverse(PRODUCTS)).content.decode()
    assert 'value="12.5"' in page
    form = {
        "form-TOTAL_FORMS": 1,
        "form-INITIAL_FORMS": 1,
        "form-0-id": lamp.pk,
        "form-0-price": "9.99",
        "_save": "Save",
    }
    admin.post(reverse(PRODUCTS), form)
    lamp.refresh_from_db()
    assert (lamp.price, lamp.in_stock, lamp.is_active, lamp.revision) == (Decimal("9.99"), False, False, 2)


def test_a_list_saved_as_it_was_changes_nothing(admin):
    lamp = make_product(price=Decimal("0.00845763"))
    form = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": lamp.pk, "form-0-price": "0.00845763"}
    admin.post(reverse(PRODUCTS), form | {"form-0-in_stock": "on", "form-0-is_active": "on", "_save": "Save"})
    lamp.refresh_from_db()
    assert lamp.revision == 1


def test_a_product_is_made_with_its_tags_as_a_comma_list(admin):
    form = {"tenant": DEFAULT_TENANT_ID, "sku": "L-1", "name": "Lamp", "price": "1.5", "rating_count": 0}
    answer = admin.post(reverse("admin:catalog_product_add"), form | {"tags": 'warm, "a, b", warm', "attributes": "{}"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert Product.objects.get(sku="L-1").tags == ["warm", "a, b"]


def test_a_form_sent_back_as_it_was_changes_nothing(admin):
    lamp = make_product(price=Decimal("12.50"), tags=["warm", "a, b"], category="Home", rating=4.5, attributes={"w": 5})
    answer = change(admin, lamp, attributes='{"w": 5}')
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    lamp.refresh_from_db()
    assert (lamp.revision, lamp.tags, lamp.price) == (1, ["warm", "a, b"], Decimal("12.5"))


def test_emptied_fields_are_stored_as_nothing(admin):
    lamp = make_product(attributes={"a": 1}, variant_group="v", tags=["x"])
    answer = change(admin, lamp, attributes="", variant_group="", tags="")
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    lamp.refresh_from_db()
    assert (lamp.attributes, lamp.variant_group, lamp.tags) == ({}, None, [])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price", "-1"),
        ("rating", "6"),
        ("image_url", "javascript:x"),
        ("tags", "x" * 101),
        ("name", ""),
        ("sku", " "),
        ("sku", "a\x07b"),
        ("currency", "ZZZ"),
        ("attributes", "[]"),
        ("attributes", '{"a": 1e300}'),
        ("attributes", '{"a": "\\u0000"}'),
    ],
)
def test_what_cannot_be_stored_is_refused_at_its_field(admin, field, value):
    answer = change(admin, make_product(), **{"attributes": "{}", field: value})
    assert field in answer.context["adminform"].form.errors


def test_the_sku_of_another_product_is_refused(admin):
    make_product(sku="L-1", name="Desk lamp")
    answer = change(admin, make_product(), attributes="{}", sku="L-1")
    assert "Desk lamp has this SKU" in str(answer.context["adminform"].form.errors["sku"])


def test_a_category_of_another_shop_is_refused(admin):
    theirs = make_category("Home", tenant_id=make_tenant().pk)
    answer = change(admin, make_product(), attributes="{}", category=theirs.pk)
    assert "category" in answer.context["adminform"].form.errors


@pytest.mark.parametrize(
    ("action", "field", "value"),
    [
        ("activate", "is_active", True),
        ("deactivate", "is_active", False),
        ("put_in_stock", "in_stock", True),
        ("put_out_of_stock", "in_stock", False),
    ],
)
def test_many_are_switched_at_once_and_those_that_are_so_already_left_alone(admin, action, field, value):
    there, other, kept = make_product(**{field: value}), make_product(**{field: not value}), make_product()
    chosen = {"action": action, "_selected_action": [there.pk, other.pk]}
    page = admin.post(reverse(PRODUCTS), chosen, follow=True)
    assert "1 of 2 products changed." in page.content.decode()
    values = Product.objects.order_by("pk").values_list(field, "revision")
    assert list(values) == [(value, 1), (value, 2), (getattr(kept, field), 1)]


def test_products_are_found_by_words_of_their_text(admin):
    make_product(sku="L-1", name="Lamp", description="Shines on desks all night.")
    make_product(sku="G-1", name="Gnome")
    assert listed(admin, q="desk night") == ["L-1"]


def test_an_image_is_shown_and_cannot_break_out(admin):
    make_product(image_url='https://shop.example/"><script>x')
    page = admin.get(reverse(PRODUCTS)).content.decode()
    assert 'src="https://shop.example/&quot;&gt;&lt;script&gt;x"' in page


class TestDeletion:
    @pytest.fixture
    def gone(self, admin):
        lamp = make_product(sku="L-1")
        admin.post(reverse("admin:catalog_product_delete", args=[lamp.pk]), {"post": "yes"})
        return lamp

    def test_a_deleted_product_is_kept_out_of_sight_and_logged(self, admin, gone):
        gone.refresh_from_db()
        assert gone.deleted_at is not None
        assert (listed(admin), listed(admin, deleted="yes")) == ([], ["L-1"])
        assert ProductChange.objects.filter(product_id=gone.pk, is_deleted=True).exists()

    def test_many_are_deleted_at_once(self, admin):
        products = [make_product(), make_product()]
        action = {"action": "delete_selected", "_selected_action": [product.pk for product in products]}
        admin.post(reverse(PRODUCTS), action | {"post": "yes"})
        assert Product.objects.count() == 0
        assert Product.all_objects.count() == 2

    def test_they_can_be_restored(self, admin, gone):
        admin.post(reverse(PRODUCTS) + "?deleted=yes", {"action": "restore", "_selected_action": [gone.pk]})
        assert listed(admin) == ["L-1"]

    @pytest.mark.usefixtures("gone")
    def test_the_sku_of_a_deleted_product_is_explained(self, admin):
        form = {"tenant": DEFAULT_TENANT_ID, "sku": "L-1", "name": "Lamp", "rating_count": 0, "attributes": "{}"}
        answer = admin.post(reverse("admin:catalog_product_add"), form)
        assert "restore it" in str(answer.context["adminform"].form.errors["sku"])


class TestCategoryTree:
    def add(self, admin, **fields):
        return admin.post(reverse("admin:catalog_category_add"), {"tenant": DEFAULT_TENANT_ID, "slug": ""} | fields)

    def edit(self, admin, category: Category, **fields):
        url = reverse("admin:catalog_category_change", args=[category.pk])
        shown = {"tenant": category.tenant_id, "name": category.name, "slug": category.slug}
        return admin.post(url, shown | {"parent": category.parent_id or ""} | fields)

    def errors(self, answer) -> dict:
        return answer.context["adminform"].form.errors

    def test_the_list_is_a_tree_with_counts(self, admin):
        make_product(category="Home > Lamps")
        page = admin.get(reverse(CATEGORIES))
        assert [category.path for category in page.context["cl"].result_list] == ["Home", "Home > Lamps"]
        assert "\u2003Lamps" in page.content.decode()

    def test_a_category_gets_its_path_and_slug(self, admin):
        self.add(admin, name="Lamps", parent=make_category("Home").pk)
        assert Category.objects.get(name="Lamps").slug == "home-lamps"

    def test_a_move_takes_everything_below_along(self, admin):
        lamps = make_category("Home > Lamps")
        make_category("Home > Lamps > Desk")
        self.edit(admin, lamps, parent="")
        assert set(Category.objects.values_list("path", flat=True)) == {"Home", "Lamps", "Lamps > Desk"}

    def test_no_circle_is_made(self, admin):
        home, lamps = make_category("Home"), make_category("Home > Lamps")
        assert "parent" in self.errors(self.edit(admin, home, parent=lamps.pk))
        assert "parent" in self.errors(self.edit(admin, home, parent=home.pk))

    def test_no_second_category_of_the_same_path_is_made(self, admin):
        make_category("Home")
        assert "name" in self.errors(self.add(admin, name="Home"))

    def test_no_second_category_of_the_same_slug_is_made(self, admin):
        make_category("Home")
        assert "slug" in self.errors(self.edit(admin, make_category("Garden"), slug="home"))

    def test_a_name_that_reads_as_a_path_is_refused(self, admin):
        assert "name" in self.errors(self.add(admin, name="Home > Lamps"))

    def test_a_path_beyond_the_column_is_refused_here_and_below(self, admin):
        top = make_category("A > " + " > ".join(["x" * 190] * 3))
        assert "name" in self.errors(self.add(admin, name="y" * 190, parent=top.pk))
        assert "name" in self.errors(self.edit(admin, make_category("A"), name="z" * 190))

    def test_a_category_with_others_below_it_is_not_deleted(self, admin):
        make_category("Home > Lamps")
        home = Category.objects.get(path="Home")
        admin.post(reverse("admin:catalog_category_delete", args=[home.pk]), {"post": "yes"})
        assert Category.objects.filter(pk=home.pk).exists()


def test_the_change_log_is_only_read(admin):
    make_product()
    services.delete_products(Product.objects.all())
    entry = ProductChange.objects.first()
    assert (
        admin.post(reverse("admin:catalog_productchange_delete", args=[entry.pk]), {"post": "yes"}).status_code == 403
    )
    assert admin.get(reverse("admin:catalog_productchange_changelist")).context["cl"].result_count >= 0
