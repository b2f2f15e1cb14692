"""The way in over REST: limits, proxies, and staff with a session."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from sdr.accounts import services
from sdr.accounts.models import Tenant
from tests.factories import make_product, make_staff, make_tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_client")]


@pytest.fixture
def key():
    return services.create_key(Tenant.objects.get(slug="default"), ["recommendations:read"], rate_limit=2)[1]


def get(client, key=None, **headers):
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {key}"} if key else {}
    return client.get("/api/categories", **bearer, **headers)


class TestLimits:
    def test_a_key_has_a_limit_of_its_own_and_is_told(self, client, key):
        answers = [get(client, key) for _ in range(10)]
        assert (answers[0]["RateLimit-Limit"], answers[0]["RateLimit-Remaining"]) == ("2", "1")
        refused = answers[-1]
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limited")
        assert int(refused["Retry-After"]) >= 1
        assert (refused["RateLimit-Remaining"], refused["RateLimit-Reset"]) == ("0", refused["Retry-After"])

    def test_strangers_are_counted_by_address_whatever_keys_they_try(self, client, settings):
        settings.RATE_LIMIT_ANONYMOUS = 3
        statuses = [get(client, f"sdr_guess-{n}", REMOTE_ADDR="192.0.2.1").status_code for n in range(12)]
        assert set(statuses) == {401, 429}
        assert get(client, "sdr_guess", REMOTE_ADDR="192.0.2.2").status_code == 401

    def test_open_doors_are_counted_by_address(self, client, settings):
        settings.RATE_LIMIT_ANONYMOUS = 3
        assert 429 in [client.get("/api/").status_code for _ in range(12)]

    def test_one_subscriber_has_many_addresses_of_version_six(self, client, settings):
        settings.RATE_LIMIT_ANONYMOUS = 3
        assert 429 in [get(client, REMOTE_ADDR=f"2001:db8::{n}").status_code for n in range(1, 13)]


class TestProxies:
    def test_an_address_that_anybody_can_write_is_not_believed(self, client):
        assert get(client).status_code == 200
        assert get(client, REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR="127.0.0.1").status_code == 401

    def test_behind_a_proxy_on_this_machine_nobody_is_on_this_machine(self, client):
        assert get(client, HTTP_X_FORWARDED_FOR="192.0.2.1").status_code == 401

    @pytest.mark.parametrize(("header", "status"), [("127.0.0.1", 200), ("127.0.0.1, 192.0.2.9", 401), ("::g", 401)])
    def test_a_proxy_that_is_named_is_believed(self, client, settings, header, status):
        settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
        assert get(client, REMOTE_ADDR="10.1.2.3", HTTP_X_FORWARDED_FOR=header).status_code == status


class TestStaff:
    @pytest.fixture
    def staff(self):
        return make_staff(tenant=make_tenant("books"))

    @pytest.fixture
    def browser(self, staff):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(staff)
        return browser

    def may(self, staff, *codenames):
        staff.user_permissions.set(Permission.objects.filter(codename__in=codenames))

    def test_staff_see_their_own_shop_as_their_permissions_have_it(self, browser, staff):
        make_product(tenant_id=staff.tenant_id, sku="novel")
        make_product(sku="lamp")
        refused = browser.get("/api/products")
        assert refused.status_code == 403
        assert "catalog.view_product" in refused.json()["error"]["message"]
        self.may(staff, "view_product")
        assert [product["sku"] for product in browser.get("/api/products").json()["products"]] == ["novel"]

    def test_a_write_needs_the_token_against_forgery(self, browser, staff):
        self.may(staff, "add_interaction", "view_product")
        refused = browser.post("/api/events", [], content_type="application/json")
        assert (refused.status_code, "CSRF" in refused.json()["error"]["message"]) == (403, True)
        page = browser.get("/api/categories", HTTP_ACCEPT="text/html")
        token = page.cookies["csrftoken"].value
        taken = browser.post("/api/events", [], content_type="application/json", HTTP_X_CSRFTOKEN=token)
        assert taken.status_code == 400  # in, and told that an empty list is no event

    def test_staff_of_a_closed_shop_are_refused(self, browser, staff):
        Tenant.objects.filter(pk=staff.tenant_id).update(is_active=False)
        assert browser.get("/api/products").status_code == 401

    def test_shoppers_and_guests_with_a_cookie_are_nobody(self, settings, staff):
        settings.API_KEYS_REQUIRED = True
        for user in (make_staff(is_staff=False), make_staff(is_active=False)):
            browser = Client()
            browser.force_login(user)
            assert browser.get("/api/products").status_code == 401

    def test_a_key_goes_before_the_session(self, browser, key):
        assert get(browser, key).status_code == 200
