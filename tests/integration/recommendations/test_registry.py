import threading

import pytest
from django.core.files.storage import storages
from django.db import connection

from catalog.models import Category, Product
from recommendations import tasks
from recommendations.index import pointer, registry
from recommendations.index.build import build_index, parameters
from recommendations.index.lease import building
from recommendations.index.rebuild import rebuild
from recommendations.models import IndexVersion
from sdr.accounts.models import Tenant
from tests.integration.recommendations.shop import Shop


def in_another_session(work):
    """Run ``work`` on a database connection of its own, and return what it returns."""
    answers = []

    def run():
        answers.append(work())
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return answers[0]


def stored_names(tenant):
    directories, _ = storages["index"].listdir(tenant.slug)
    return set(directories)


def test_before_the_first_build_nothing_is_active(tenant):
    assert registry.active_version(tenant.slug) is None
    assert pointer.read(tenant.slug) is None


def test_a_newer_version_replaces_an_older_one(shop):
    first, second = shop.rebuild(), shop.rebuild()
    first.refresh_from_db()
    assert registry.active_version("default") == second
    assert (first.status, second.status) == (IndexVersion.Status.RETIRED, IndexVersion.Status.ACTIVE)
    assert second.activated_at > first.activated_at
    assert pointer.read("default") == second.artifact_name


def test_an_older_view_of_the_catalogue_never_replaces_a_newer_one(shop):
    late = build_index(shop.tenant)
    shop.put({"sku": "new", "name": "New"})
    newer = shop.rebuild()
    assert registry.activate(late) is False
    assert registry.active_version("default") == newer
    assert pointer.read("default") == newer.artifact_name


def test_activating_what_is_active_changes_nothing(shop):
    version = shop.rebuild()
    assert registry.activate(version) is True
    assert registry.active_version("default") == version


def test_only_the_last_few_versions_are_kept(shop, settings):
    settings.INDEX_VERSIONS_KEPT = 3
    built = [shop.rebuild() for _ in range(5)]
    assert set(IndexVersion.objects.all()) == set(built[-3:])
    assert stored_names(shop.tenant) == {version.artifact_name for version in built[-3:]}


def test_the_active_version_is_kept_however_old_it_is(shop, settings):
    settings.INDEX_VERSIONS_KEPT = 1
    late = build_index(shop.tenant)
    shop.put({"sku": "new", "name": "New"})
    active = shop.rebuild()
    build_index(shop.tenant)
    registry.prune(shop.tenant)
    assert active.artifact_name in stored_names(shop.tenant)
    assert late.artifact_name not in stored_names(shop.tenant)


def test_one_builder_at_a_time(shop):
    with building(shop.tenant) as is_ours:
        assert is_ours
        assert in_another_session(lambda: rebuild(shop.tenant)) is None
    assert in_another_session(lambda: rebuild(shop.tenant)) is not None


def test_two_tenants_build_side_by_side(shop):
    other = Shop(Tenant.objects.create(slug="other", name="Other"), [{"sku": "a", "name": "A"}])
    with building(shop.tenant):
        assert in_another_session(lambda: rebuild(other.tenant)) is not None


def test_a_builder_that_fails_leaves_the_place_free(shop):
    with pytest.raises(ZeroDivisionError), building(shop.tenant):
        raise ZeroDivisionError
    assert in_another_session(lambda: rebuild(shop.tenant)) is not None


def test_a_catalogue_is_outdated_from_its_first_product_on(tenant):
    assert not registry.is_outdated(tenant, parameters())
    Shop(tenant, [{"sku": "a", "name": "A"}])
    assert registry.is_outdated(tenant, parameters())


@pytest.mark.parametrize(
    "change",
    [
        lambda: Product.objects.filter(sku="mat").update(price=12),
        lambda: Product.objects.get(sku="mat").delete(),
        lambda: Product.objects.create(sku="new", name="New"),
        lambda: Category.objects.get(name="Yoga").delete(),
    ],
    ids=["a price", "a deletion", "a new product", "a category"],
)
def test_any_change_makes_the_index_outdated_until_the_next_build(shop, change):
    shop.rebuild()
    assert not registry.is_outdated(shop.tenant, parameters())
    change()
    assert registry.is_outdated(shop.tenant, parameters())
    shop.rebuild()
    assert not registry.is_outdated(shop.tenant, parameters())


def test_only_changed_catalogues_are_rebuilt(shop, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    quiet = Shop(Tenant.objects.create(slug="quiet", name="Quiet"), [{"sku": "a", "name": "A"}])
    asleep = Shop(Tenant.objects.create(slug="asleep", name="Asleep", is_active=False), [{"sku": "a", "name": "A"}])
    shop.rebuild()
    quiet.rebuild()
    shop.put({"sku": "new", "name": "New"})
    tasks.rebuild_changed_indexes()
    built = {
        each.tenant.slug: IndexVersion.objects.filter(tenant=each.tenant).count() for each in (shop, quiet, asleep)
    }
    assert built == {"default": 2, "quiet": 1, "asleep": 0}
