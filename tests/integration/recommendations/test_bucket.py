"""The index in a storage that knows keys and bytes only."""

import pytest

from recommendations import tasks
from recommendations.index import pointer, rebuild, registry, store
from recommendations.index.artifact import MANIFEST, BadArtifact
from recommendations.index.holder import Holder
from recommendations.models import IndexVersion
from tests.integration.recommendations import bucket
from tests.integration.recommendations.shop import ROWS


@pytest.fixture(autouse=True)
def keys(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {"index": {"BACKEND": f"{bucket.__name__}.Bucket"}}
    settings.VAR_DIR = tmp_path
    bucket.KEYS.clear()
    return bucket.KEYS


def test_it_serves_from_a_bucket_and_goes_back(shop):
    first = shop.rebuild()
    holder = Holder()
    assert len(holder.current("default").index.catalogue.vocabulary) == len(ROWS)
    shop.put({"sku": "new", "name": "New"})
    shop.rebuild()
    holder.refresh("default")
    assert holder.current("default").index.row_of(None, "new") is not None
    rebuild.pin(first)
    holder.refresh("default")
    assert holder.current("default").index.version == first.artifact_name == pointer.read("default")


def test_no_more_is_kept_than_elsewhere(shop, settings, keys):
    settings.INDEX_VERSIONS_KEPT = 2
    built = {shop.rebuild().artifact_name for _ in range(4)}
    kept = set(IndexVersion.objects.values_list("artifact_name", flat=True))
    assert kept < built
    assert store.names("default") == kept
    assert {path.name for path in (settings.VAR_DIR / "index-cache" / "default").iterdir()} == kept


def test_half_an_upload_is_refused(shop, keys):
    good = shop.rebuild()
    late = shop.rebuild()
    rebuild.pin(good)
    store.remove("default", late.artifact_name)
    keys[f"default/{late.artifact_name}/cards.bin"] = b"half"
    with pytest.raises(BadArtifact, match="not in the storage"):
        rebuild.pin(late)
    assert registry.active_version("default") == good


def test_half_a_download_is_not_taken_for_a_whole(shop, keys):
    version = shop.rebuild()
    missing = keys.pop(f"default/{version.artifact_name}/idf.npy")
    copy = store.fetch("default", version.artifact_name)
    assert (copy / MANIFEST).exists()  # the worker that built it has it whole already
    keys[f"default/{version.artifact_name}/idf.npy"] = missing


def test_blocks_meet_in_the_bucket(shop, settings):
    settings.INDEX_SPREAD_FROM, settings.INDEX_BLOCK_ROWS = 3, 4
    settings.CELERY_TASK_ALWAYS_EAGER = True
    tasks.rebuild_index.delay("default")
    version = registry.active_version("default")
    assert store.names("default") == {version.artifact_name}
