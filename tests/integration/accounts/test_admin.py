"""Every page of the admin that this project registers, as somebody who signed in sees it."""

import pytest
from django.contrib import admin
from django.urls import reverse

from sdr.accounts import access
from sdr.accounts.models import ApiKey, Tenant, User
from tests.factories import make_category, make_product, make_staff, make_tenant

pytestmark = pytest.mark.django_db

admin.autodiscover()  # as urls.py does
MODELS = sorted(
    (model for model in admin.site._registry if model._meta.app_label in {"accounts", "auth", "catalog"}),
    key=lambda model: model._meta.label,
)


@pytest.fixture
def signed_in(client):
    User.objects.create_superuser("admin", password="let me in")
    assert client.post("/admin/login/", {"username": "admin", "password": "let me in"}).status_code == 302
    return client


@pytest.fixture
def some_of_everything(db):
    make_product(category="Home > Lamps", price="12.50", tags=["warm", "a, b"])
    access.create_key(Tenant.objects.get(), ["events:write"], name="web shop")


def page(model, name: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
@pytest.mark.usefixtures("some_of_everything")
def test_the_list_is_shown_and_searched(signed_in, model):
    assert signed_in.get(page(model, "changelist")).status_code == 200
    assert signed_in.get(page(model, "changelist"), {"q": "1"}).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
@pytest.mark.usefixtures("some_of_everything")
def test_a_row_is_shown(signed_in, model):
    for row in model._default_manager.all()[:1]:
        assert signed_in.get(page(model, "change", row.pk)).status_code == 200
        assert signed_in.get(page(model, "history", row.pk)).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_form_for_a_new_row_is_shown_where_rows_are_made_by_hand(signed_in, model):
    by_hand = model._meta.model_name != "productchange"
    assert signed_in.get(page(model, "add")).status_code == (200 if by_hand else 403)


def test_the_front_page_is_shown(signed_in):
    assert signed_in.get("/admin/").status_code == 200


def test_a_member_of_staff_is_made_and_given_a_password(signed_in):
    form = {
        "username": "mary",
        "usable_password": "true",
        "password1": "correct horse battery",
        "password2": "correct horse battery",
        "tenant": Tenant.objects.get().pk,
        "external_id": "",
    }
    assert signed_in.post(page(User, "add"), form).status_code == 302
    mary = User.objects.get(username="mary")
    assert mary.check_password("correct horse battery")
    assert mary.external_id is None
    assert signed_in.get(reverse("admin:auth_user_password_change", args=[mary.pk])).status_code == 200


def test_a_key_is_revoked_but_never_shown(signed_in):
    row, key = access.create_key(Tenant.objects.get(), ["events:write"], name="web shop")
    assert key not in signed_in.get(page(ApiKey, "change", row.pk)).content.decode()
    assert signed_in.post(page(ApiKey, "delete", row.pk), {"post": "yes"}).status_code == 302
    with pytest.raises(access.Unauthenticated):
        access.authenticate(f"Bearer {key}", None)


class TestKeys:
    def form(self, **fields):
        return {"tenant": Tenant.objects.get().pk, "name": "web", "scopes": ["events:write"]} | fields

    def made(self, answer):
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        return answer.context["secret"]

    def is_open(self, key):
        try:
            return access.authenticate(f"Bearer {key}", None, origin="https://shop.example")
        except access.Unauthenticated:
            return None

    def test_a_new_key_is_shown_once(self, signed_in):
        made = signed_in.post(
            page(ApiKey, "add"), self.form(allowed_origins="https://shop.example, http://a.example:81")
        )
        key = self.made(made)
        assert key in made.content.decode()
        assert self.is_open(key).scopes == {"events:write"}
        row = ApiKey.objects.get()
        assert row.allowed_origins == ["https://shop.example", "http://a.example:81"]
        assert key not in signed_in.get(page(ApiKey, "change", row.pk)).content.decode()

    @pytest.mark.parametrize(
        ("fields", "named"),
        [
            ({"scopes": []}, "scopes"),
            ({"allowed_origins": "shop.example"}, "allowed_origins"),
            ({"is_public": "on", "scopes": ["users:read"]}, "scopes"),
        ],
    )
    def test_what_makes_no_sense_is_refused_by_its_field(self, signed_in, fields, named):
        answer = signed_in.post(page(ApiKey, "add"), self.form(**fields))
        assert list(answer.context["adminform"].form.errors) == [named]
        assert not ApiKey.objects.exists()

    def test_a_key_is_edited_and_keeps_its_secret(self, signed_in):
        row, key = access.create_key(Tenant.objects.get(), ["events:write"])
        assert signed_in.post(page(ApiKey, "change", row.pk), self.form(scopes=["users:read"])).status_code == 302
        assert self.is_open(key).scopes == {"users:read"}

    def test_a_key_is_rotated(self, signed_in):
        row, old = access.create_key(Tenant.objects.get(), ["events:write"])
        rotate = f"/admin/accounts/apikey/{row.pk}/rotate/"
        assert signed_in.get(rotate).status_code == 200
        assert self.is_open(old)
        new = self.made(signed_in.post(rotate, {"overlap_hours": "0"}))
        assert (self.is_open(old), bool(self.is_open(new))) == (None, True)

    def test_a_key_is_revoked_after_a_question(self, signed_in):
        row, key = access.create_key(Tenant.objects.get(), ["events:write"])
        revoke = f"/admin/accounts/apikey/{row.pk}/revoke/"
        assert signed_in.get(revoke).status_code == 200
        assert self.is_open(key)
        assert signed_in.post(revoke).status_code == 302
        assert not self.is_open(key)
        assert signed_in.post(f"/admin/accounts/apikey/{row.pk}/rotate/", {"overlap_hours": "0"}).status_code == 403

    def test_many_keys_are_revoked_at_once(self, signed_in):
        made = [access.create_key(Tenant.objects.get(), ["events:write"]) for _ in range(3)]
        chosen = {"action": "revoke", "_selected_action": [row.pk for row, _ in made[:2]]}
        signed_in.post(page(ApiKey, "changelist"), chosen)
        assert [bool(self.is_open(key)) for _, key in made] == [False, False, True]

    def test_staff_touch_their_own_shops_keys_only(self, client):
        from django.contrib.auth.models import Permission

        row, _ = access.create_key(Tenant.objects.get(slug="default"), ["events:write"])
        staff = make_staff(tenant=make_tenant("books"))
        staff.user_permissions.set(Permission.objects.all())
        client.force_login(staff)
        for what in ("rotate", "revoke"):
            assert client.post(f"/admin/accounts/apikey/{row.pk}/{what}/", {"overlap_hours": "0"}).status_code == 403
        client.post(page(ApiKey, "add"), {"name": "ours", "scopes": ["events:write"], "tenant": staff.tenant_id})
        assert ApiKey.objects.get(name="ours").tenant == staff.tenant


class TestNewTenants:
    form = {"name": "Books", "slug": "books", "username": "mary", "password": "correct horse battery"}

    def test_a_tenant_is_made_with_staff_and_a_key(self, signed_in, client):
        made = signed_in.post(page(Tenant, "add"), self.form | {"makes_key": "on"})
        assert access.authenticate(f"Bearer {made.context['secret']}", None).tenant == "books"
        client.logout()
        assert client.login(username="mary", password="correct horse battery")
        assert client.get("/admin/catalog/product/").status_code == 200
        assert client.get("/admin/accounts/tenant/").status_code == 403

    @pytest.mark.parametrize("wrong", [{"username": "admin"}, {"password": "12345"}, {"slug": "Not a slug"}])
    def test_half_a_tenant_is_none(self, signed_in, wrong):
        answer = signed_in.post(page(Tenant, "add"), self.form | wrong)
        assert list(answer.context["adminform"].form.errors) == list(wrong)
        assert not Tenant.objects.filter(name="Books").exists()


def test_a_tenant_keeps_its_slug_and_is_never_deleted(signed_in):
    tenant = make_tenant("books")
    signed_in.post(page(Tenant, "change", tenant.pk), {"name": "Books & more", "slug": "other", "is_active": "on"})
    tenant.refresh_from_db()
    assert (tenant.name, tenant.slug) == ("Books & more", "books")
    assert signed_in.post(page(Tenant, "delete", tenant.pk), {"post": "yes"}).status_code == 403


class TestStaffOfOneShop:
    """They see and touch what is their shop's."""

    @pytest.fixture
    def ours(self, client):
        from django.contrib.auth.models import Permission

        shop = make_tenant("books")
        staff = make_staff(tenant=shop)
        staff.user_permissions.set(Permission.objects.all())
        client.force_login(staff)
        return shop

    @pytest.mark.usefixtures("ours")
    def test_another_shops_rows_are_not_there(self, client):
        theirs = [make_product(), make_category("Home"), User.objects.create(external_id="u-1")]
        for row in theirs:
            listed = client.get(page(type(row), "changelist")).context["cl"].result_list
            assert row not in listed
            assert client.get(page(type(row), "change", row.pk)).status_code == 302

    def test_a_superuser_is_not_there(self, client, ours):
        root = User.objects.create_superuser("root", password="x", tenant=ours)
        assert client.get(page(User, "change", root.pk)).status_code == 302

    def test_nobody_makes_themselves_a_superuser(self, client, ours):
        me = User.objects.get(tenant=ours)
        form = {"username": me.username, "is_superuser": "on", "is_staff": "on", "is_active": "on", "preferences": "{}"}
        client.post(page(User, "change", me.pk), form | {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"})
        me.refresh_from_db()
        assert not me.is_superuser

    def test_an_id_that_another_shopper_has_is_refused(self, client, ours):
        User.objects.create(tenant=ours, external_id="u-1")
        other = User.objects.create(tenant=ours, external_id="u-2")
        form = {"username": other.username, "external_id": "u-1", "preferences": "{}"}
        form |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
        answer = client.post(page(User, "change", other.pk), form)
        assert list(answer.context["adminform"].form.errors) == ["external_id"]

    def test_a_new_row_is_our_shops(self, client, ours):
        client.post(page(type(make_category("X", tenant_id=ours.pk)), "add"), {"tenant": ours.pk, "name": "Novels"})
        assert ours.categories.filter(name="Novels").exists()

    @pytest.mark.usefixtures("ours")
    def test_another_shop_cannot_be_chosen(self, client):
        category = make_category("Home")
        answer = client.post(page(type(category), "add"), {"tenant": category.tenant_id, "name": "Novels"})
        assert "tenant" in answer.context["adminform"].form.errors

    @pytest.mark.usefixtures("ours")
    def test_another_shops_categories_are_not_suggested(self, client):
        make_category("Home")
        query = {"app_label": "catalog", "model_name": "product", "field_name": "category", "term": "ho"}
        assert client.get("/admin/autocomplete/", query).json()["results"] == []
