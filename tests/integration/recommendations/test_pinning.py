"""Going back to an older version, and forward again; and bad artifacts, which never serve."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from recommendations.index import pointer, rebuild, registry, store
from recommendations.index.artifact import MANIFEST, BadArtifact
from recommendations.index.build import build_index, parameters
from recommendations.models import IndexVersion
from sdr.accounts.models import Tenant
from sdr.exceptions import NotFound
from tests.integration.recommendations.shop import Shop


@pytest.fixture
def versions(shop):
    """Three versions, each of a catalogue with one product more; the last one serves."""
    built = []
    for number in range(3):
        shop.put({"sku": f"extra {number}", "name": "Extra"})
        built.append(shop.rebuild())
    return built


def folder(version):
    return Path(storages["index"].path(f"{version.tenant.slug}/{version.artifact_name}"))


def truncate(version):
    path = folder(version) / "neighbour_ids.npy"
    path.write_bytes(path.read_bytes()[:-10])


def alter(version):
    path = folder(version) / "cards.bin"
    path.write_bytes(path.read_bytes().replace(b"kettle", b"fettle"))


def lose(version):
    store.remove(version.tenant.slug, version.artifact_name)


def upload_half(version):
    (folder(version) / MANIFEST).unlink()


def exchange_for_a_strangers(version):
    stranger = Shop(Tenant.objects.create(slug="other", name="Other"), [{"sku": "a", "name": "A"}])
    theirs = folder(stranger.rebuild())
    for path in theirs.iterdir():
        (folder(version) / path.name).write_bytes(path.read_bytes())


def serving():
    return registry.active_version("default")


def test_an_older_version_is_pinned_and_serves(versions):
    rebuild.pin(versions[0])
    assert serving() == versions[0]
    assert serving().is_pinned
    assert pointer.read("default") == versions[0].artifact_name


def test_while_one_is_pinned_new_ones_are_built_and_wait(shop, versions):
    rebuild.pin(versions[0])
    shop.put({"sku": "new", "name": "New"})
    waiting = shop.rebuild()
    assert serving() == versions[0]
    assert waiting.status == IndexVersion.Status.BUILT
    # It is not built again and again.
    assert not registry.is_outdated(shop.tenant, parameters())


def test_unpinned_the_newest_serves_and_later_ones_follow(shop, versions):
    rebuild.pin(versions[0])
    shop.put({"sku": "new", "name": "New"})
    waiting = shop.rebuild()
    assert rebuild.unpin(shop.tenant) == waiting == serving()
    shop.put({"sku": "newer", "name": "Newer"})
    assert shop.rebuild() == serving()
    assert not serving().is_pinned


def test_the_version_that_serves_may_be_pinned_too(shop, versions):
    rebuild.pin(versions[-1])
    shop.put({"sku": "new", "name": "New"})
    shop.rebuild()
    assert serving() == versions[-1]


def test_the_pinned_version_outlives_the_last_few(shop, versions, settings):
    settings.INDEX_VERSIONS_KEPT = 2
    rebuild.pin(versions[0])
    newer = [shop.rebuild() for _ in range(4)]
    assert set(IndexVersion.objects.all()) == {versions[0], *newer[-2:]}
    store.check("default", versions[0].artifact_name)


def test_a_version_that_was_removed_meanwhile_cannot_be_pinned(shop, versions, settings):
    settings.INDEX_VERSIONS_KEPT = 1
    shop.rebuild()
    with pytest.raises((NotFound, BadArtifact)):
        rebuild.pin(versions[0])
    with pytest.raises(NotFound):
        registry.pin(versions[0])
    assert serving() not in versions


@pytest.mark.parametrize("spoil", [truncate, alter, lose, upload_half, exchange_for_a_strangers])
def test_a_bad_artifact_is_refused_with_the_reason_while_the_old_one_serves(versions, spoil):
    spoil(versions[0])
    with pytest.raises(BadArtifact) as refusal:
        rebuild.pin(versions[0])
    versions[0].refresh_from_db()
    assert serving() == versions[2]
    assert (versions[0].status, versions[0].refusal) == (IndexVersion.Status.REFUSED, str(refusal.value))
    assert versions[0].refusal


def test_unpinning_passes_over_a_bad_artifact(versions, shop):
    rebuild.pin(versions[0])
    truncate(versions[2])
    assert rebuild.unpin(shop.tenant) == versions[1]


def test_a_refused_version_leaves_the_catalogue_outdated(shop):
    version = build_index(shop.tenant)
    truncate(version)
    with pytest.raises(BadArtifact):
        rebuild.serve(version)
    assert serving() is None
    assert registry.is_outdated(shop.tenant, parameters())


def test_an_index_that_was_made_otherwise_is_outdated(shop):
    shop.rebuild()
    assert not registry.is_outdated(shop.tenant, parameters())
    assert registry.is_outdated(shop.tenant, parameters() | {"format": 99})


def test_what_killed_builds_left_is_cleared_by_the_next(shop):
    kept = shop.rebuild()
    orphan = build_index(shop.tenant)
    orphan.delete()
    storages["index"].save("default/20260101T000000-half.draft/cards.bin", ContentFile(b"half"))
    with store.scratch("default") as directory:
        (directory / "half").touch()
        newer = shop.rebuild()
        assert not directory.exists()
        directory.mkdir(parents=True)
    assert store.names("default") == {kept.artifact_name, newer.artifact_name}
