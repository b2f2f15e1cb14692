"""A merchandiser changes what shoppers like and hide, looks at what they did, exports and erases."""

import json

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission

from events.live.shoppers import read_shopper
from sdr.accounts.models import User
from tests.factories import make_category, make_product, make_staff, make_tenant


@pytest.fixture
def admin(shop):
    User.objects.create_superuser("admin", password="let me in")
    shop.api.login(username="admin", password="let me in")
    make_category("Home > Lamps")
    make_category("Garden")
    return shop


@pytest.fixture
def shopper(admin):
    return User.objects.create(
        external_id="u-7", preferences={"hidden_categories": ["gone"], "category_weights": {"garden": 0.5}}
    )


def page(shopper=None, name="change"):
    return f"/admin/events/shopper/{shopper.pk}/{name}/" if shopper else "/admin/events/shopper/"


def save(shop, url, **fields):
    answer = shop.api.post(url, fields)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    return answer


def test_the_list_has_shoppers_and_no_staff(admin, shopper):
    listed = admin.api.get(page())
    assert [row.external_id for row in listed.context["cl"].result_list] == ["u-7"]
    found = admin.api.get(page(), {"q": "u-8"})
    assert list(found.context["cl"].result_list) == []


def test_preferences_are_chosen_by_the_names_of_categories(admin, shopper):
    shown = admin.api.get(page(shopper)).content.decode()
    assert "Home &gt; Lamps" in shown
    assert "gone (no such category)" in shown
    fields = {
        "favorite_categories": ["home-lamps"],
        "hidden_categories": ["gone", "garden"],
        "category_weights-category": ["garden", "home-lamps", "", ""],
        "category_weights-weight": ["0.5", "0,25", "", ""],
    }
    save(admin, page(shopper), **fields)
    shopper.refresh_from_db()
    assert shopper.preferences == {
        "favorite_categories": ["home-lamps"],
        "hidden_categories": ["gone", "garden"],
        "category_weights": {"garden": 0.5, "home-lamps": 0.25},
    }
    copy = read_shopper("default", "u-7", None, timeout_seconds=5).preferences
    assert copy.hidden_categories == ["gone", "garden"]


@pytest.mark.parametrize(
    ("category", "weight", "error"), [("garden", "2", "&lt;= 1"), ("garden", "much", "a number"), ("", "1", "Choose")]
)
def test_a_weight_that_is_none_is_refused_beside_it(admin, shopper, category, weight, error):
    fields = {"category_weights-category": [category], "category_weights-weight": [weight]}
    answer = admin.api.post(page(shopper), fields)
    assert answer.status_code == 200
    assert error in answer.content.decode()
    shopper.refresh_from_db()
    assert shopper.preferences["category_weights"] == {"garden": 0.5}


def test_a_shopper_is_added_by_hand(admin):
    tenant = admin.tenant.pk
    save(admin, f"{page()}add/", tenant=tenant, external_id="u-9", hidden_categories=["garden"])
    assert User.objects.get(external_id="u-9").preferences == {"hidden_categories": ["garden"]}


def test_what_a_shopper_did_is_shown(admin, shopper, settings):
    lamp = make_product(name="A lamp")
    admin.send(lamp.pk, user="u-7", kind="add_to_cart")
    admin.send(999, user="u-7")
    admin.work_off()
    shown = admin.api.get(page(shopper)).content.decode()
    assert shown.count("A lamp") == 3  # seen and put into the cart now, and in the archive
    assert shown.count("product 999") == 2
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert "Not to be had now" in admin.api.get(page(shopper)).content.decode()


def test_erasing_asks_first_and_tells_what_went(admin, shopper):
    save(admin, page(shopper), hidden_categories=["garden"])  # the admin's own log names the shopper now
    admin.send(1, user="u-7", session="s-1")
    admin.work_off()
    asked = admin.api.get(page(shopper, "erase"))
    assert "no way back" in asked.content.decode()
    assert User.objects.filter(external_id="u-7").exists()
    told = admin.api.post(page(shopper, "erase"), follow=True).content.decode()
    assert "nobody&#x27;s now: 1. Gone: sessions 1," in told
    assert not User.objects.filter(external_id="u-7").exists()
    assert admin.recent("u:u-7") == []
    assert not LogEntry.objects.filter(object_repr="u-7").exists()


def test_an_export_is_asked_for_and_sent_as_a_file(admin, shopper):
    assert "Hand it to nobody" in admin.api.get(page(shopper, "export")).content.decode()
    answer = admin.api.post(page(shopper, "export"))
    assert "attachment" in answer["Content-Disposition"]
    assert json.loads(b"".join(answer.streaming_content))["user"]["external_id"] == "u-7"


def test_staff_see_their_own_tenants_shoppers_and_erase_with_the_permission_for_it(admin, shopper):
    strangers = User.objects.create(external_id="u-8", tenant=make_tenant())
    clerk = make_staff()
    names = ("view_shopper", "change_shopper", "view_interaction")
    clerk.user_permissions.set(Permission.objects.filter(codename__in=names))
    admin.api.force_login(clerk)
    assert admin.api.get(page(shopper)).status_code == 200
    for name in ("change", "export"):
        assert admin.api.get(page(strangers, name)).status_code in {302, 404}
    assert admin.api.post(page(shopper, "erase")).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="delete_shopper"))
    assert admin.api.post(page(strangers, "erase")).status_code == 404
    assert admin.api.post(page(shopper, "erase")).status_code == 302


def test_a_shoppers_row_is_not_deleted_behind_the_other_stores(admin, shopper):
    assert admin.api.post(f"/admin/accounts/user/{shopper.pk}/delete/", {"post": "yes"}).status_code == 403
