"""What a merchandiser does in the admin: look at versions, go back, rebuild, and try weights before saving them."""

import pytest
from celery import current_app
from django.contrib.auth.models import Permission
from django.core.files.storage import storages
from django_celery_beat.models import PeriodicTask
from kombu.pools import producers

from recommendations.index import registry
from recommendations.models import IndexBuild, ScoringProfile
from recommendations.profiles import Numbers
from sdr import servers
from sdr.accounts.models import Tenant, User
from tests.eventually import eventually
from tests.factories import make_staff
from tests.integration.recommendations.shop import Shop

VERSIONS = "/admin/recommendations/indexversion/"
PROFILES = "/admin/recommendations/scoringprofile/"
WEIGHTS = Numbers().columns()


@pytest.fixture
def signed_in(client, tenant):
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


@pytest.fixture
def eager(settings):
    settings.CELERY_TASK_ALWAYS_EAGER = True


def texts(answer):
    return " ".join(answer.content.decode().split())


def serving(shop):
    return registry.active_version(shop.tenant.slug)


def choose(version):
    return f"{VERSIONS}{version.pk}/choose/"


def of_shop(shop, action):
    return f"{VERSIONS}shops/{shop.tenant.pk}/{action}/"


def truncate(version):
    with storages["index"].open(f"{version.tenant.slug}/{version.artifact_name}/cards.bin", "r+b") as file:
        file.truncate(10)


def preview(client, profile_id=None, **fields):
    path = f"{PROFILES}{profile_id}/change/preview/" if profile_id else f"{PROFILES}add/preview/"
    return client.post(path, WEIGHTS | fields)


class TestVersions:
    def test_the_list_says_what_serves_and_what_waits(self, signed_in, indexed_shop):
        page = texts(signed_in.get(VERSIONS))
        assert "12 products" in page
        assert serving(indexed_shop).artifact_name in page
        assert "up to date with the catalogue" in page
        indexed_shop.put({"sku": "new", "name": "New"})
        assert "The catalogue has changed" in texts(signed_in.get(VERSIONS))

    def test_a_shop_without_an_index_is_told_so(self, signed_in, shop):
        assert "There is no index yet" in texts(signed_in.get(VERSIONS))

    def test_a_build_that_failed_says_why(self, signed_in, indexed_shop):
        IndexBuild.objects.update(state=IndexBuild.State.FAILED, problem="OSError: no space left")
        assert "OSError: no space left" in texts(signed_in.get(VERSIONS))

    def test_a_version_is_looked_at_but_not_edited(self, signed_in, indexed_shop):
        version = serving(indexed_shop)
        assert signed_in.get(f"{VERSIONS}{version.pk}/change/").status_code == 200
        assert signed_in.post(f"{VERSIONS}{version.pk}/change/", {"status": "retired"}).status_code == 403

    def test_going_back_is_asked_then_done_then_undone(self, signed_in, shop):
        first, second = shop.rebuild(), shop.rebuild()
        assert "It will serve instead of" in texts(signed_in.get(choose(first)))
        assert serving(shop) == second
        page = texts(signed_in.post(choose(first), follow=True))
        assert "serves now, until it is unpinned" in page
        assert "1 newer version waits" in page
        assert serving(shop) == first
        signed_in.post(of_shop(shop, "unpin"))
        assert serving(shop) == second

    def test_a_spoilt_version_is_refused_and_shown_as_such(self, signed_in, shop):
        first, second = shop.rebuild(), shop.rebuild()
        truncate(first)
        page = texts(signed_in.post(choose(first), follow=True))
        assert "was refused, and what served before goes on" in page
        assert "cards.bin is not what its checksum says" in page
        assert serving(shop) == second

    @pytest.mark.usefixtures("eager")
    def test_a_rebuild_is_a_button(self, signed_in, indexed_shop):
        servers.worker_beats()
        before = serving(indexed_shop)
        assert "a rebuild is under way" in texts(signed_in.post(of_shop(indexed_shop, "rebuild"), follow=True))
        assert serving(indexed_shop) != before

    @pytest.mark.usefixtures("eager")
    def test_without_a_worker_the_button_says_when_it_begins(self, signed_in, indexed_shop):
        page = texts(signed_in.post(of_shop(indexed_shop, "rebuild"), follow=True))
        assert "no worker has given a sign of life" in page

    def test_without_redis_nothing_is_started_and_that_is_said(self, signed_in, indexed_shop, monkeypatch):
        nowhere = current_app.connection_for_write("redis://127.0.0.1:1/0")
        monkeypatch.setattr(current_app.amqp, "_producer_pool", producers[nowhere])
        page = texts(signed_in.post(of_shop(indexed_shop, "rebuild"), follow=True))
        assert "nothing was started" in page

    def test_looking_changes_nothing(self, signed_in, shop):
        first, second = shop.rebuild(), shop.rebuild()
        signed_in.get(choose(first))
        for action in ("rebuild", "unpin"):
            assert signed_in.get(of_shop(shop, action)).status_code == 405
        assert serving(shop) == second


class TestStaffOfOneShop:
    """They see and do what concerns their own shop."""

    @pytest.fixture
    def theirs(self, indexed_shop):
        return indexed_shop

    @pytest.fixture
    def ours(self, client, theirs):
        shop = Shop(Tenant.objects.create(slug="books", name="Books"), [{"sku": "a", "name": "A novel"}])
        shop.rebuild()
        staff = make_staff(tenant=shop.tenant)
        staff.user_permissions.set(Permission.objects.filter(content_type__app_label="recommendations"))
        client.force_login(staff)
        return shop

    def test_another_shops_versions_are_not_there(self, client, ours, theirs):
        page = texts(client.get(VERSIONS))
        assert serving(ours).artifact_name in page
        assert serving(theirs).artifact_name not in page
        for path in (choose(serving(theirs)), of_shop(theirs, "rebuild"), of_shop(theirs, "unpin")):
            assert client.post(path).status_code == 404
        assert not serving(theirs).is_pinned

    def test_another_shops_weights_are_not_there(self, client, ours, theirs):
        profile = ScoringProfile.objects.create(tenant=theirs.tenant)
        assert preview(client, profile.pk).status_code == 404
        assert "Select a valid choice" in texts(preview(client, tenant=theirs.tenant.pk))
        assert "A novel" in texts(preview(client, tenant=ours.tenant.pk))

    def test_who_may_only_look_is_shown_no_buttons_and_refused(self, client, ours):
        staff = User.objects.get(tenant=ours.tenant)
        staff.user_permissions.set(Permission.objects.filter(codename__in=["view_indexversion", "view_scoringprofile"]))
        page = texts(client.get(VERSIONS))
        assert serving(ours).artifact_name in page
        assert "Rebuild now" not in page
        assert "/choose/" not in page
        for path in (choose(serving(ours)), of_shop(ours, "rebuild"), of_shop(ours, "unpin")):
            assert client.post(path).status_code == 403
        assert preview(client, tenant=ours.tenant.pk).status_code == 403

    def test_the_schedule_is_not_theirs(self, client, ours):
        User.objects.get(tenant=ours.tenant).user_permissions.set(Permission.objects.all())
        assert client.get("/admin/django_celery_beat/periodictask/").status_code == 403


class TestPreview:
    def test_moved_places_are_marked_and_nothing_is_saved(self, signed_in, indexed_shop):
        indexed_shop.serving()
        indexed_shop.until_live()
        fields = {"tenant": indexed_shop.tenant.pk, "preview_skus": "teapot", "content": 0, "trend": 1}
        answer = preview(signed_in, **fields)
        (sample,) = answer.context["samples"]
        # Without likeness, ratings decide: the best rated of all comes up.
        assert not sample.is_the_same
        page = texts(answer)
        assert any(mark in page for mark in ("▲ was", "▼ was", "drops out"))
        assert not ScoringProfile.objects.exists()

    def test_the_weights_that_serve_change_nothing(self, signed_in, indexed_shop):
        answer = preview(signed_in, tenant=indexed_shop.tenant.pk)
        assert "nothing would change" in texts(answer)
        assert all(sample.is_the_same for sample in answer.context["samples"])

    def test_samples_are_the_most_clicked(self, signed_in, indexed_shop):
        indexed_shop.serving()
        indexed_shop.until_live()
        indexed_shop.click("strap", times=5)
        eventually(lambda: indexed_shop.clicks_seen("strap"))
        answer = preview(signed_in, tenant=indexed_shop.tenant.pk)
        assert answer.context["samples"][0].product["sku"] == "strap"
        assert len(answer.context["samples"]) == 3

    def test_what_cannot_be_saved_is_named(self, signed_in, indexed_shop):
        page = texts(preview(signed_in, tenant=indexed_shop.tenant.pk, content=7))
        assert "content: Ensure this value is less than or equal to 1.0" in page

    def test_an_unknown_sku_is_named_and_the_known_are_shown(self, signed_in, indexed_shop):
        answer = preview(signed_in, tenant=indexed_shop.tenant.pk, preview_skus="<nope>, wok")
        assert "&lt;nope&gt;" in texts(answer)
        assert [sample.product["sku"] for sample in answer.context["samples"]] == ["wok"]

    def test_a_shop_without_an_index_is_told_what_to_do(self, signed_in, shop):
        assert "build one first" in texts(preview(signed_in, tenant=shop.tenant.pk))

    def test_a_saved_profile_is_previewed_on_its_own_page(self, signed_in, indexed_shop):
        profile = ScoringProfile.objects.create(tenant=indexed_shop.tenant)
        assert "Show preview" in texts(signed_in.get(f"{PROFILES}{profile.pk}/change/"))
        assert preview(signed_in, profile.pk, trend=1).context["samples"]
        profile.refresh_from_db()
        assert profile.trend == 0.2


def test_the_schedule_is_edited_in_the_admin(signed_in):
    entry = PeriodicTask.objects.get(name="rebuild-changed-indexes")
    path = f"/admin/django_celery_beat/periodictask/{entry.pk}/change/"
    shown = signed_in.get(path).context["adminform"].form
    fields = {name: value for name, value in shown.initial.items() if value not in {None, ""}}
    fields |= {"enabled": "", "args": "[]", "kwargs": "{}", "headers": "{}"}
    assert signed_in.post(path, fields).status_code == 302, shown.errors
    entry.refresh_from_db()
    assert not entry.enabled
    assert signed_in.get("/admin/django_celery_beat/periodictask/").status_code == 200
