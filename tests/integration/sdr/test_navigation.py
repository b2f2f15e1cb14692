"""The admin's menu."""

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

from sdr.navigation import OTHER, menu

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_of(rf):
    def made(user):
        request = rf.get("/admin/")
        request.user = user
        return request

    return made


def staff(*permissions, **fields):
    user = get_user_model().objects.create_user("mia", password="a long one", is_staff=True, **fields)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def links(groups):
    return [str(item["link"]) for group in groups for item in group["items"]]


def test_every_page_of_the_admin_is_in_the_menu_and_none_under_other(request_of):
    request = request_of(staff(is_superuser=True))
    models = [model for app in admin.site.get_app_list(request) for model in app["models"]]
    groups = menu(request)
    assert sorted(links(groups)) == sorted(["/admin/", *(model["admin_url"] for model in models)])
    assert OTHER not in {group.get("title") for group in groups}


def test_staff_see_what_they_may_open_and_no_empty_group(request_of):
    groups = menu(request_of(staff("view_product")))
    assert links(groups) == ["/admin/", "/admin/catalog/product/"]
    assert [group.get("title") for group in groups] == [None, "Catalogue"]
