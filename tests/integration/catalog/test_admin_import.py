"""Files that a merchandiser sends in, looks at, and lets in; and takes out."""

import html
import io
import json
from datetime import timedelta

import openpyxl
import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from catalog.importing.resource import MAX_ROWS_SHOWN
from catalog.models import Category, Product
from sdr import clock
from sdr.accounts.models import DEFAULT_TENANT_ID
from tests.factories import make_product, make_staff, make_tenant

pytestmark = pytest.mark.django_db

IMPORT, PROCESS, EXPORT = (f"admin:catalog_product_{name}" for name in ("import", "process_import", "export"))
CSV, XLSX, JSON = "0", "1", "2"


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    }


def preview(client, text: str | bytes, file_format: str = CSV, tenant: int = DEFAULT_TENANT_ID):
    """Send a file and return the page that shows what it would do."""
    file = SimpleUploadedFile("products", text.encode() if isinstance(text, str) else text)
    return client.post(reverse(IMPORT), {"import_file": file, "format": file_format, "tenant": tenant, "resource": ""})


def confirm(client, page):
    form = page.context["confirm_form"]
    return client.post(reverse(PROCESS), {name: form.initial.get(name, "") for name in form.fields}, follow=True)


def told(page) -> str:
    return " ".join(str(message) for message in page.context["messages"])


def export(client, file_format: str, **filters: str) -> bytes:
    answer = client.post(reverse(EXPORT) + "?" + "&".join(f"{k}={v}" for k, v in filters.items()), {
        "format": file_format, "resource": "", **{f"{field}": "on" for field in ("sku",)}
    })  # fmt: skip
    assert answer.status_code == 200, answer.context["form"].errors
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_a_file_is_shown_before_anything_is_written_and_then_done(admin_client):
    make_product(sku="a", name="Lamp", price=5, category="Home", tags=["x"])
    make_product(sku="same", name="Same")
    rows = "sku,name,category,price\na,Lamp <b>2</b>,Home > Lamps,7.50\nnew,New,Garden,1\nsame,Same,,\n"
    page = preview(admin_client, rows)
    shown = page.content.decode()
    assert "3 rows: 1 new, 1 changed, 1 unchanged." in told(page)
    assert "<del>Home</del> <ins>Home &gt; Lamps</ins>" in shown
    assert "<b>2</b>" not in shown
    assert not Product.objects.filter(sku="new").exists()
    assert not Category.objects.filter(name="Garden").exists()
    assert "imported" in told(confirm(admin_client, page))
    assert Product.objects.values_list("name", "price", "category__path", "tags").get(sku="a") == (
        "Lamp <b>2</b>", 7.5, "Home > Lamps", ["x"],
    )  # fmt: skip
    assert Product.objects.get(sku="new").category.path == "Garden"


def test_an_import_leaves_one_line_in_the_log_and_no_file(admin_client, admin_user, tmp_path):
    confirm(admin_client, preview(admin_client, "sku,name\na,A\nb,B\n"))
    [entry] = LogEntry.objects.all()
    assert (entry.user, entry.object_repr, str(entry)) == (
        admin_user, "File products", "Changed “File products” — Imported. 2 rows: 2 new.",
    )  # fmt: skip
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert "File products" in admin_client.get(reverse("admin:index")).content.decode()


def test_a_file_that_nobody_lets_in_goes_after_a_day_with_the_next_that_comes(admin_client, tmp_path, monkeypatch):
    def n_files():
        return len([path for path in tmp_path.rglob("*") if path.is_file()])

    for _ in range(2):
        preview(admin_client, "sku,name\na,A\n")
    assert n_files() == 2
    later = clock.now() + timedelta(days=1, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    preview(admin_client, "sku,name\na,A\n")
    assert n_files() == 1


def test_a_bad_row_is_named_and_nothing_can_be_confirmed(admin_client):
    page = preview(admin_client, "sku,name,price\na,A,1\nb,<script>x</script>,-1\n,C,\n")
    shown = page.content.decode()
    assert "confirm_form" not in page.context
    assert "must not be negative" in shown
    assert "<script>x" not in shown
    assert [row.number for row in page.context["result"].invalid_rows] == [2, 3]
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("text", "file_format", "complaint"),
    [
        ("name\nA\n", CSV, "sku"),
        ("sku,name,colour\na,A,red\n", CSV, "colour"),
        ("", CSV, "is empty"),
        ("{", JSON, "read file"),
        (b"\xff\xfe\x00", CSV, "read file"),
        (b"no zip", XLSX, "read file"),
    ],
)
def test_a_file_that_is_none_is_refused_with_a_reason(admin_client, text, file_format, complaint):
    page = preview(admin_client, text, file_format)
    assert page.status_code == 200
    result = page.context.get("result")
    complaints = [
        str(page.context["form"].errors),
        *(str(error.error) for error in (result.base_errors if result else ())),
    ]
    assert complaint in " ".join(complaints)
    assert html.escape(complaint) in page.content.decode()
    assert "confirm_form" not in page.context


@pytest.mark.parametrize("file_format", [CSV, XLSX, JSON])
def test_what_was_exported_changes_nothing_when_it_comes_back(admin_client, file_format):
    make_product(sku="1", name='=Formula, "quoted"', price="0.00845763", tags=["warm", "a, b"], category="Home > Lamps")
    make_product(sku="2", rating=4, rating_count=7, tags=["a, b"], attributes={"w": 5}, in_stock=False, is_active=False)
    make_product(sku="3", description="Two\nlines", variant_group="v", currency="EUR", image_url="https://a.example/x")
    Product.objects.filter(sku="1").update(name='Formula, "quoted"')
    page = preview(admin_client, export(admin_client, file_format), file_format)
    assert "3 rows: 3 unchanged." in told(page), page.content.decode()


def test_an_export_holds_what_the_list_shows(admin_client):
    make_product(sku="a", in_stock=False)
    make_product(sku="b")
    rows = json.loads(export(admin_client, JSON, in_stock__exact="0"))
    assert [row["sku"] for row in rows] == ["a"]
    sheet = openpyxl.load_workbook(io.BytesIO(export(admin_client, XLSX))).active
    assert [cell.value for cell in sheet[1]][:3] == ["sku", "name", "category"]


def test_staff_import_and_export_their_own_shop_only(client):
    theirs, mine = make_tenant(), make_tenant()
    make_product(sku="secret", tenant_id=theirs.pk)
    staff = make_staff(tenant=mine)
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label="catalog"))
    client.force_login(staff)
    assert b"secret" not in export(client, CSV)
    refused = preview(client, "sku,name\nsecret,Mine now\n", tenant=theirs.pk)
    assert "tenant" in refused.context["form"].errors
    confirm(client, preview(client, "sku,name\nsecret,Mine\n", tenant=mine.pk))
    assert set(Product.objects.filter(sku="secret").values_list("tenant", "name")) == {
        (theirs.pk, Product.objects.get(tenant=theirs).name),
        (mine.pk, "Mine"),
    }


def test_staff_who_may_not_add_products_may_not_import_them(client):
    staff = make_staff()
    staff.user_permissions.set(Permission.objects.filter(codename="change_product"))
    client.force_login(staff)
    assert client.get(reverse(IMPORT)).status_code == 403


def test_ten_thousand_rows_are_taken_with_few_queries_and_the_first_are_shown(
    admin_client, django_assert_max_num_queries
):
    rows = "sku,name,category\n" + "".join(f"{n},Thing {n},C{n % 100}\n" for n in range(10_000))
    with django_assert_max_num_queries(25):
        page = preview(admin_client, rows)
    assert "10000 rows: 10000 new." in told(page)
    assert len(page.context["result"].valid_rows()) == MAX_ROWS_SHOWN
    assert len(page.content) < 2_000_000
    with django_assert_max_num_queries(80):
        confirm(admin_client, page)
    assert Product.objects.count() == 10_000


def test_a_deleted_product_that_comes_back_is_what_the_file_says(admin_client):
    make_product(sku="a", name="Old", price=5, deleted_at="2026-01-01T00:00Z")
    page = preview(admin_client, "sku,name\na,New\n")
    assert "1 row: 1 new." in told(page)
    confirm(admin_client, page)
    assert Product.objects.values_list("name", "price").get() == ("New", None)
