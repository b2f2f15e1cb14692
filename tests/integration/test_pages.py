"""The pages that people look at: whole without any other host, and with forms that work."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Permission
from django.contrib.staticfiles import finders
from django.test import Client

from catalog.models import Product
from tests.factories import make_product, make_staff

pytestmark = pytest.mark.django_db

PAGES = ["docs", "redoc", "", "products", "products/1", "products/by-sku/0", "products/bulk", "categories", "events"]
LOADED = re.compile(
    r"""<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE
)
IN_CSS = re.compile(r"""(?:url\(|@import)\s*["']?([^"')\s;]+)""")


def styles_of(page: str) -> list[str]:
    """Return the page's style sheets, and what it says of style itself."""
    sheets = [path for link in LOADED.findall(page) if (path := urlsplit(link).path).endswith(".css")]
    found = [finders.find(path.removeprefix("/static/")) for path in sheets]
    assert all(found), sheets
    return [page, *(Path(path).read_text(encoding="utf-8") for path in found)]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_nothing_from_another_host(admin_client, path):
    make_product(pk=1, sku="0")
    response = admin_client.get(f"/api/{path}", HTTP_ACCEPT="text/html")
    page = response.content.decode()
    assert response["Content-Type"].startswith("text/html"), page
    loaded = LOADED.findall(page) + [url for style in styles_of(page) for url in IN_CSS.findall(style)]
    assert loaded
    assert [url for url in loaded if urlsplit(url).netloc or "fonts.g" in url] == []
    allowed = response["Content-Security-Policy"]
    assert "script-src 'self'" in allowed
    assert "font-src 'self'" in allowed


def test_redoc_may_not_ask_its_makers_for_their_logo(client):
    assert "img-src 'self' data:;" in client.get("/api/redoc")["Content-Security-Policy"]


def test_staff_manage_products_through_the_forms(db):
    make_product(pk=1, sku="L-1", name="Lamp", category="Home > Lamps", tags=["warm", "a, b"], in_stock=False)
    staff = make_staff()
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label="catalog"))
    browser = Client(enforce_csrf_checks=True, headers={"accept": "text/html"})
    browser.force_login(staff)
    page = browser.get("/api/products/1").content.decode()
    for text in ('value="Home &gt; Lamps"', 'value="warm|a, b"', '<option value="False" selected', "&quot;sku&quot;"):
        assert text in page
    token = re.search(r'"csrfToken":\s*"(\w+)"', page)
    assert token
    form = {"sku": "L-1", "name": "Lantern", "tags": "warm|a, b", "in_stock": "True", "category": "Home > Lamps"}
    raw = {"sku": "L-1", "name": "Lantern", "in_stock": True}
    assert browser.put("/api/products/1", raw, "application/json").status_code == 403
    csrf = {"X-CSRFToken": token[1]}
    assert browser.put("/api/products/1", raw, "application/json", headers=csrf).status_code == 200
    answer = browser.post("/api/products", form | {"sku": "L-2"}, headers=csrf)
    assert answer.status_code == 201, answer.content.decode()
    assert Product.objects.values_list("name", "tags", "in_stock").get(sku="L-2") == ("Lantern", ["warm", "a, b"], True)
    bad = browser.post("/api/products", form | {"sku": "L-3", "price": "-1"}, headers=csrf)
    assert (bad.status_code, "must not be negative" in bad.content.decode()) == (400, True)
