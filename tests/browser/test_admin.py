"""What a merchandiser does in the admin, done in Chromium: nothing wrong may be said to its console."""

import csv
import io
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.browser.conftest import Watched
from tests.eventually import eventually

PRODUCTS = "/admin/catalog/product/"
SKUS = [f"BRO-{number}" for number in range(1, 5)]


@pytest.fixture(scope="module")
def products(stack):
    """Four products of this file's own, by SKU: other tests use the stack, too."""
    rows = [
        {"sku": sku, "name": f"Browser sundial {sku}", "category": "Browsers > Sundials", "price": 10, "tags": [sku]}
        for sku in SKUS
    ]
    _, answer = stack.post("/api/products/bulk", rows)
    assert answer["rejected"] == 0, answer
    stack.manage("rebuild_index")  # none of their words was in the index before
    return {row["sku"]: row["id"] for row in answer["results"]}


def sign_in(stack, browser):
    made = browser.new_context(base_url=f"http://127.0.0.1:{stack.port}", viewport={"width": 1280, "height": 1000})
    made.set_default_timeout(30_000)
    page = made.new_page()
    page.goto("/admin/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", (stack.var_dir / "admin-password").read_text().strip())
    page.click("[type=submit]")
    page.wait_for_selector("text=Site administration")
    page.close()
    return made


@pytest.fixture(scope="module")
def signed_in(stack, browser):
    made = sign_in(stack, browser)
    yield made
    made.close()


@pytest.fixture
def page(signed_in):
    made = signed_in.new_page()
    watched = Watched(made)
    yield made
    made.close()
    assert watched.found == []


def press(page, name):
    page.get_by_role("button", name=re.compile(rf"\b{name}$")).first.click()  # there may be an icon before it
    page.wait_for_load_state()


def expect(page, words):
    page.get_by_text(words).first.wait_for()


def do(page, action, sku="BRO-1"):
    page.goto(f"{PRODUCTS}?q={sku}")
    page.locator("tbody input.action-select").first.check()
    page.select_option("select[name=action]", label=action)
    press(page, "Run")


def test_the_price_list_is_edited_and_products_are_changed_together(stack, page, products):
    def stored():
        return stack.get(f"/api/products/{products['BRO-1']}")

    page.goto(f"{PRODUCTS}?q=BRO-1")
    page.locator("tbody input[name$=-price]").fill("44.5")
    press(page, "Save")
    expect(page, "1 product was changed successfully")
    do(page, "Mark as out of stock")
    expect(page, "1 of 1 product changed.")
    do(page, "Deactivate: shoppers do not see them")
    expect(page, "1 of 1 product changed.")
    assert (stored()["price"], stored()["in_stock"], stored()["is_active"]) == (44.5, False, False)
    do(page, "Activate")
    expect(page, "1 of 1 product changed.")
    assert stored()["is_active"]


def test_a_file_is_looked_at_before_it_is_imported_and_comes_back_as_it_is(page, tmp_path, stack):
    def choose(rows):
        file = tmp_path / "products.csv"
        file.write_text("sku,name,category,price,currency\n" + rows)
        page.goto(f"{PRODUCTS}import/")
        page.set_input_files("[name=import_file]", file)
        press(page, "Submit")

    choose("IMP-1,Imported sundial,Browsers > Sundials,-1,EUR\n")
    expect(page, "Nothing is written yet. 1 row: 1 not acceptable.")
    expect(page, "must not be negative")
    choose("IMP-1,Imported sundial,Browsers > Sundials,12.5,EUR\n")
    expect(page, "Nothing is written yet. 1 row: 1 new.")
    assert stack.get("/api/products?search=imported+sundial")["total"] == 0
    press(page, "Confirm import")
    expect(page, "The file is imported. 1 row: 1 new.")
    page.goto(f"{PRODUCTS}export/?q=IMP-1")
    with page.expect_download() as download:
        page.get_by_role("button", name="Submit").click()
    exported = csv.DictReader(io.StringIO(Path(download.value.path()).read_text()))
    (row,) = [row for row in exported if row["sku"] == "IMP-1"]
    assert (row["name"], row["category"], float(row["price"])) == ("Imported sundial", "Browsers > Sundials", 12.5)


def test_a_product_shows_what_stands_beside_it_and_why(stack, page, products):
    eventually(lambda: not stack.get(f"/api/recommendations/{products['BRO-1']}")["degraded"])
    page.goto(f"{PRODUCTS}{products['BRO-1']}/change/")
    page.locator("a[href*='/recommendations'][href*='/catalog/product/']").first.click()
    expect(page, "Browser sundial BRO-2")
    expect(page, re.compile(r"content \d\.\d+ × 0\.80"))
    page.fill("#candidate_sku", "BRO-3")
    press(page, "Explain")
    expect(page, re.compile("stands at place [1-9]"))
    page.locator("a[href*='/explain?candidate=']").first.click()
    expect(page, "contribution")


def test_an_index_is_built_and_an_older_one_serves_until_it_is_let_go(page, products):
    do(page, "Rebuild the index of their shop")
    expect(page, "the whole index is being built anew")

    def an_older_one():
        page.goto("/admin/recommendations/indexversion/")
        return page.locator("tr", has_text="older").get_by_role("link", name="Let this one serve")

    eventually(lambda: an_older_one().count(), seconds=60, every_seconds=0.5)
    page.locator("tr", has_text="older").get_by_role("link", name="Let this one serve").first.click()
    expect(page, "It will serve instead of")
    press(page, "Go back to this version")
    expect(page, "serves now, until it is unpinned")
    expect(page, "serves, pinned")
    press(page, "Unpin")
    expect(page, "serves now, and newer ones as they are built")
    assert not page.get_by_text("serves, pinned").count()


def test_weights_are_tried_before_they_are_saved(page, products):
    page.goto("/admin/recommendations/scoringprofile/add/")
    page.fill("#preview_skus", "BRO-1, nothing")
    page.click("#preview_button")
    expect(page, "The weights above are those that serve today")
    expect(page, "There is no product with the SKU “nothing” in the index.")
    page.fill("[name=content]", "-1")
    page.click("#preview_button")
    expect(page, "These weights cannot be saved yet")
    page.fill("[name=content]", "0.1")
    page.fill("[name=trend]", "0.9")
    page.click("#preview_button")
    expect(page, "With these weights")


def test_a_key_is_shown_once_opens_doors_and_is_revoked(stack, page):
    def status(secret):
        url = f"http://127.0.0.1:{stack.port}/api/trending"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {secret}"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    page.goto("/admin/accounts/apikey/add/")
    page.fill("[name=name]", "Browser shop")
    page.get_by_label("Read recommendations").check()
    press(page, "Save")
    secret = page.input_value("#secret")
    assert status(secret) == 200
    page.get_by_role("link", name="I have it").click()
    page.wait_for_load_state()
    assert secret not in page.content()
    page.get_by_role("link", name="Revoke").click()
    expect(page, "Browser shop")
    press(page, "Revoke")
    expect(page, "opens no door any more")
    eventually(lambda: status(secret) == 401)


def test_a_shopper_is_erased(stack, page, products):
    stack.post("/api/events", {"product_id": products["BRO-1"], "user_id": "u-browser"})

    def found():
        page.goto("/admin/events/shopper/?q=u-browser")
        return page.locator("#result_list tbody a")

    eventually(lambda: found().count(), every_seconds=0.5)
    page.locator("#result_list tbody a").first.click()
    expect(page, "Browser sundial BRO-1")
    page.locator("a[href*='/erase']").first.click()
    press(page, "Erase for good")
    expect(page, "Erased. Events that are nobody's now: 1.")
    assert not found().count()


def test_the_schedule_is_switched_off_and_on_again(page):
    for message in ("was changed successfully", "was changed successfully"):
        page.goto("/admin/django_celery_beat/periodictask/?q=forget-old-answers")
        page.locator("#result_list tbody a").first.click()
        page.locator("label:has([name=enabled]), [name=enabled]").first.click()
        press(page, "Save")
        expect(page, message)


@pytest.mark.parametrize("path", ["/api/", "/api/docs", "/api/categories", "/api/trending"])
def test_the_apis_own_pages_say_nothing_wrong_to_the_console(page, path):
    page.goto(path)
    page.wait_for_load_state("networkidle")


def test_staff_sign_out_of_the_apis_pages(stack, browser):
    page = sign_in(stack, browser).new_page()
    page.goto("/api/categories")
    press(page, "Log out admin")
    page.goto("/api/categories")
    expect(page, "Log in")
    page.context.close()
