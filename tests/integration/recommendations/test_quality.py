"""A version is measured by the archive before it serves: one that is worse is set aside, and the old one goes on."""

import io
import uuid
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.core.management import call_command

from events.models import Interaction
from recommendations import tasks
from recommendations.engine.neighbours import Neighbours
from recommendations.index import rebuild, registry
from recommendations.index.build import build_index, parameters
from recommendations.models import IndexVersion, ScoringProfile
from recommendations.quality import gate
from recommendations.quality.archive import read_archive
from sdr.accounts.models import Tenant, User
from tests.integration.recommendations.shop import Shop

Status = IndexVersion.Status
N_PAIRS = 80
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def rows():
    """Products of which two and two are alike, and stand in categories far apart."""
    for number in range(2 * N_PAIRS):
        category = f"Aisle {number % 2} > Shelf {number % 4}"
        yield {"sku": f"p{number}", "name": f"Thing{number // 2}x", "category": category, "description": "Good."}


def archive(shop, sku, shopper, *, at=NOW, user=None, kind="click"):
    return Interaction(
        tenant=shop.tenant, event_id=uuid.uuid4(), kind=kind, product_id=shop.ids[sku], user=user, session_id=shopper,
        occurred_at=at, received_at=at, topic="product_clicks", incarnation="test", partition=0, offset=0,
    )  # fmt: skip


def visits(shop, n=N_PAIRS):
    """Sessions of today that go from a product to its like, after some of last week that went from shelf to shelf."""
    for number in range(10):
        yield archive(shop, f"p{number * 7}", f"old-{number}", at=NOW - timedelta(days=9))
    for number in range(n):
        yield archive(shop, f"p{2 * number}", f"s-{number}")
        yield archive(shop, f"p{2 * number + 1}", f"s-{number}", at=NOW + timedelta(minutes=1))


@pytest.fixture
def shop(tenant, settings):
    settings.QUALITY_MIN_CASES = 50
    # What shoppers went on to would find the like by itself, however bad the index.
    ScoringProfile.objects.create(tenant=tenant, sequence=0.0)
    made = Shop(tenant, list(rows()))
    made.ids = {f"p{number}": made.id_of(f"p{number}") for number in range(2 * N_PAIRS)}
    return made


@pytest.fixture
def visited(shop):
    Interaction.objects.bulk_create(visits(shop))
    return shop


@pytest.fixture
def spoil(monkeypatch):
    """Builds find each product's neighbours in the wrong place."""
    found_well = rebuild.neighbours_of

    def found_badly(*arguments):
        found = found_well(*arguments)
        return Neighbours(np.roll(found.ids, 31, axis=0), np.roll(found.scores, 31, axis=0))

    return lambda patch=monkeypatch: patch.setattr(rebuild, "neighbours_of", found_badly)


@pytest.fixture
def worse(visited, spoil, monkeypatch):
    """A good version that serves, and a bad one that was built after it."""
    good = visited.rebuild()
    with monkeypatch.context() as patch:
        spoil(patch)
        return good, visited.rebuild()


def serving():
    return registry.active_version("default")


def test_a_version_whose_lists_are_worse_is_set_aside_and_the_old_one_serves(worse):
    good, bad = worse
    assert serving() == good
    assert bad.status == Status.WORSE
    assert "on 80 cases" in bad.refusal
    good.refresh_from_db()
    assert good.offline_metrics["blend"]["ndcg@20"] > 2 * bad.offline_metrics["blend"]["ndcg@20"]


def test_an_index_that_is_bad_is_seen_where_shoppers_steps_make_the_lists(visited, spoil):
    """Everybody has gone from each product to its like before: the lists would be good with any index."""
    ScoringProfile.objects.update(sequence=1.0)
    for day in (5, 6, 7):
        earlier = list(visits(visited))
        for event in earlier:
            event.occurred_at -= timedelta(days=day)
            event.session_id += f"-{day}"
        Interaction.objects.bulk_create(earlier)
    good = visited.rebuild()
    spoil()
    bad = visited.rebuild()
    assert bad.offline_metrics["blend"]["ndcg@20"] > 0.9 * good.offline_metrics["blend"]["ndcg@20"]
    assert bad.status == Status.WORSE
    assert "by content alone" in bad.refusal


def test_figures_stand_beside_a_baseline_with_their_day_and_their_number(visited):
    version = visited.rebuild()
    metrics = version.offline_metrics
    assert version.n_cases == N_PAIRS
    assert version.evaluated_at > version.created_at
    assert metrics["blend"]["hit_rate@5"] == 1.0
    assert metrics["popularity"]["hit_rate@5"] < 0.1


def test_the_same_catalogue_is_not_built_again_because_its_version_was_worse(worse, visited):
    assert not registry.is_outdated(visited.tenant, parameters())
    visited.put({"sku": "new", "name": "New"})
    assert registry.is_outdated(visited.tenant, parameters())


def test_with_too_few_events_a_worse_version_serves_and_says_that_nobody_knows(shop, spoil):
    Interaction.objects.bulk_create(visits(shop, 20))
    shop.rebuild()
    spoil()
    version = shop.rebuild()
    assert serving() == version
    assert version.evaluation_note == "not enough events: 20 of the 50 cases that it takes"
    assert (version.offline_metrics, version.n_cases) == ({}, 20)


def test_a_shop_without_events_gets_its_index(shop):
    version = shop.rebuild()
    assert serving() == version
    assert "not enough events: 0" in version.evaluation_note


def test_a_margin_of_one_refuses_nothing(visited, spoil, settings):
    settings.QUALITY_MARGIN = 1.0
    visited.rebuild()
    spoil()
    assert visited.rebuild() == serving()


def test_who_pins_a_worse_version_has_it_serve(worse, visited):
    _, bad = worse
    rebuild.pin(bad)
    assert serving() == bad
    assert serving().refusal == ""


def test_unpinning_passes_over_what_was_found_worse(worse, visited):
    good, _ = worse
    rebuild.pin(good)
    assert rebuild.unpin(visited.tenant) == good


def test_a_version_that_was_judged_against_another_is_judged_again(visited, monkeypatch):
    """Somebody activates another version while this one is being measured."""
    visited.rebuild()
    quicker, version = build_index(visited.tenant), build_index(visited.tenant)
    judged_well, judged_against = gate.judge, []

    def judged_slowly(candidate, active, **kw):
        judged_against.append(active)
        if len(judged_against) == 1:
            registry.activate(quicker)
        return judged_well(candidate, active, **kw)

    monkeypatch.setattr(gate, "judge", judged_slowly)
    assert rebuild.serve(version)
    assert judged_against[1:] == [quicker]
    assert serving() == version


def test_a_serving_version_that_cannot_be_read_keeps_no_new_one_out(visited):
    broken = visited.rebuild()
    IndexVersion.objects.filter(pk=broken.pk).update(checksum="0" * 64)
    assert visited.rebuild() == serving() != broken


class TestAtNight:
    def test_the_version_that_serves_is_measured(self, shop):
        version = shop.rebuild()
        Interaction.objects.bulk_create(visits(shop))
        tasks.evaluate_index("default")
        version.refresh_from_db()
        assert (version.n_cases, version.evaluation_note) == (N_PAIRS, "")
        assert version.offline_metrics["blend"]["hit_rate@20"] == 1.0

    def test_a_version_that_is_not_worse_any_more_serves(self, worse, settings):
        good, bad = worse
        tasks.evaluate_index("default")
        assert serving() == good
        settings.QUALITY_MARGIN = 1.0
        tasks.evaluate_index("default")
        assert serving() == bad

    def test_a_pinned_version_stays(self, worse, settings):
        good, _ = worse
        rebuild.pin(good)
        settings.QUALITY_MARGIN = 1.0
        tasks.evaluate_index("default")
        assert serving() == good

    def test_every_shop_is_asked_for(self, tenant, monkeypatch):
        asked = []
        monkeypatch.setattr(tasks.evaluate_index, "delay", asked.append)
        Tenant.objects.create(slug="closed", name="Closed", is_active=False)
        tasks.evaluate_indexes()
        assert asked == ["default"]

    def test_a_shop_without_an_index_has_nothing_to_measure(self, tenant):
        tasks.evaluate_index("default")
        assert not IndexVersion.objects.exists()


class TestWhatIsRead:
    def test_shoppers_of_other_shops_and_erased_ones_are_not_read(self, shop):
        other = Tenant.objects.create(slug="other", name="Other")
        theirs, erased, ours = (archive(shop, "p1", name) for name in ("s", None, "s"))
        theirs.tenant = other
        Interaction.objects.bulk_create([theirs, erased, ours])
        assert len(read_archive(shop.tenant).log) == 1
        assert len(read_archive(other).log) == 1

    def test_a_user_is_one_shopper_over_all_sessions(self, shop):
        user = User.objects.create(username="u", tenant=shop.tenant, external_id="u")
        Interaction.objects.bulk_create([archive(shop, "p1", f"s-{n}", user=user) for n in range(3)])
        log = read_archive(shop.tenant).log
        assert (len(set(log.shoppers)), len(set(log.visits))) == (1, 3)

    def test_only_the_last_days_and_what_makes_a_product_a_recent_one(self, shop, settings):
        settings.QUALITY_DAYS = 2
        Interaction.objects.bulk_create([
            archive(shop, "p1", "s", at=NOW - timedelta(days=3)),
            archive(shop, "p2", "s", at=NOW - timedelta(days=1), kind="purchase"),
            archive(shop, "p3", "s", kind="dislike"),
            archive(shop, "p4", "s"),
        ])  # fmt: skip
        read = read_archive(shop.tenant)
        assert read.product_ids[read.log.rows].tolist() == [shop.ids["p2"], shop.ids["p4"]]
        assert read.log.purchases.tolist() == [True, False]


class TestInTheAdmin:
    @pytest.fixture
    def signed_in(self, client):
        client.force_login(User.objects.create_superuser("root", password="x"))
        return client

    def test_the_list_says_why_the_newest_does_not_serve(self, signed_in, worse):
        page = signed_in.get("/admin/recommendations/indexversion/").content.decode()
        assert "Not activated:" in page
        assert "worse, set aside" in page
        assert "on 80 cases of the archive" in page

    def test_a_version_shows_its_figures_beside_the_baselines(self, signed_in, worse):
        good, _ = worse
        page = signed_in.get(f"/admin/recommendations/indexversion/{good.pk}/change/").content.decode()
        assert "hit rate@20: 100.0% (the most popular:" in page
        assert "on 80 cases of the archive" in page

    def test_what_stands_beside_a_product_is_shown_with_how_good_such_lists_are(self, signed_in, visited):
        visited.rebuild()
        path = f"/admin/catalog/product/{visited.ids['p1']}/recommendations"
        page = signed_in.get(path, follow=True).content.decode()
        assert "NDCG@20 100.0%, hit rate@20 100.0%" in page

    def test_who_lets_a_worse_one_serve_is_warned_first(self, signed_in, worse):
        _, bad = worse
        path = f"/admin/recommendations/indexversion/{bad.pk}/choose/"
        assert "Its lists were found worse" in signed_in.get(path).content.decode()
        signed_in.post(path)
        assert serving() == bad


def test_the_command_says_that_the_version_was_set_aside(visited, spoil):
    good = visited.rebuild()
    spoil()
    out = io.StringIO()
    call_command("rebuild_index", stdout=out)
    assert f"is built and set aside; {good} goes on. NDCG@20" in out.getvalue()
    call_command("rebuild_index", "--list", stdout=out)
    assert "worse" in out.getvalue()


def test_of_versions_that_were_worse_the_newest_is_kept_and_pushes_no_good_one_out(worse, visited, spoil, settings):
    settings.INDEX_VERSIONS_KEPT = 1
    good, _ = worse
    spoil()
    newest = visited.rebuild()
    assert set(IndexVersion.objects.all()) == {good, newest}
