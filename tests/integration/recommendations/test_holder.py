import gc
import os
import subprocess
import sys
import threading
import time
import weakref

import pytest
from django.core.files.storage import storages
from django.db import connection

from recommendations.index import holder as holder_module
from recommendations.index import loading, registry
from recommendations.index.build import build_index
from recommendations.index.holder import Holder
from recommendations.models import IndexVersion, ScoringProfile
from sdr.exceptions import IndexNotReady
from tests.integration.recommendations.shop import ROWS, Shop


@pytest.fixture
def holder():
    return Holder()


def spoil(version, name="neighbour_ids.npy"):
    """Alter one bit of a published artifact."""
    path = storages["index"].path(f"{version.tenant.slug}/{version.artifact_name}/{name}")
    with open(path, "r+b") as file:  # noqa: PTH123  a plain file is the point
        file.seek(-1, os.SEEK_END)
        last = file.read(1)[0]
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last ^ 1]))


def test_before_the_first_index_there_is_nothing_to_answer_from(holder, shop):
    with pytest.raises(IndexNotReady, match="rebuild_index") as refusal:
        holder.current("default")
    assert refusal.value.retry_after_seconds > 0


def test_the_first_index_is_loaded_when_it_is_there(holder, shop):
    with pytest.raises(IndexNotReady):
        holder.current("default")
    version = shop.rebuild()
    assert holder.current("default").index.version == version.artifact_name


def test_a_new_version_is_exchanged_on_refresh(holder, shop):
    shop.rebuild()
    before = holder.current("default")
    shop.put({"sku": "new", "name": "New"})
    version = shop.rebuild()
    holder.refresh("default")
    assert holder.current("default").index.version == version.artifact_name
    assert holder.current("default").index.row_of(None, "new") is not None
    # Who read the old one goes on with it.
    assert len(before.index.catalogue.vocabulary) == len(ROWS)


def test_an_index_that_was_exchanged_goes_without_the_collector(holder, shop):
    """It may be among what is spared: then only its last reference ends it, and its memory."""
    shop.rebuild()
    old = weakref.ref(holder.current("default").index.catalogue)
    shop.put({"sku": "new", "name": "New"})
    shop.rebuild()
    gc.disable()
    try:
        holder.refresh("default")
        assert old() is None
    finally:
        gc.enable()


def test_refreshing_what_is_current_loads_nothing(holder, shop):
    shop.rebuild()
    before = holder.current("default")
    holder.refresh("default")
    assert holder.current("default") is before


def test_a_corrupt_index_is_refused_while_the_old_one_serves(holder, shop):
    good = shop.rebuild()
    holder.current("default")
    shop.put({"sku": "new", "name": "New"})
    bad = build_index(shop.tenant)
    spoil(bad)
    registry.activate(bad)
    holder.refresh("default")
    assert holder.current("default").index.version == good.artifact_name
    better = shop.rebuild()
    holder.refresh("default")
    assert holder.current("default").index.version == better.artifact_name


def test_an_index_that_is_not_in_the_store_is_refused(holder, shop):
    good = shop.rebuild()
    holder.current("default")
    IndexVersion.objects.filter(pk=good.pk).update(artifact_name="20260101T000000-00000000")
    holder.refresh("default")
    assert holder.current("default").index.version == good.artifact_name


def test_a_corrupt_first_index_is_no_index(holder, shop):
    spoil(shop.rebuild())
    with pytest.raises(IndexNotReady):
        holder.current("default")


def test_a_tenant_has_an_index_of_its_own(holder, shop, django_user_model):
    other = Shop(shop.tenant.__class__.objects.create(slug="other", name="Other"), [{"sku": "a", "name": "A"}])
    shop.rebuild()
    other.rebuild()
    assert holder.current("other").index.row_of(None, "kettle/red") is None
    assert holder.current("default").index.row_of(None, "a") is None
    assert sorted(holder.tenants()) == ["default", "other"]


def test_no_request_works_out_what_all_need(holder, shop):
    shop.rebuild()
    serving = holder.current("default")
    assert serving.hotness.readings.ranker is not None
    ScoringProfile.objects.create(tenant=shop.tenant, content=0.9)
    holder.refresh()
    readings = serving.hotness.readings
    assert readings is holder.current("default").shop.readings
    assert readings.weights.content == 0.9


def test_a_saved_profile_applies_on_refresh(holder, shop):
    shop.rebuild()
    assert holder.current("default").weights.hide_out_of_stock
    ScoringProfile.objects.create(tenant=shop.tenant, content=0.5, trend=0.5, hide_out_of_stock=False)
    holder.refresh("default")
    weights = holder.current("default").weights
    assert (weights.content_share, weights.hide_out_of_stock) == (0.5, False)


def test_a_tenant_without_an_index_is_not_asked_for_at_every_request(
    holder, shop, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(holder_module, "ABSENT_SECONDS", 60.0)
    with pytest.raises(IndexNotReady):
        holder.current("default")
    with django_assert_num_queries(0), pytest.raises(IndexNotReady):
        holder.current("default")


def test_who_waits_for_one_tenants_index_keeps_nobody_else_waiting(holder, shop, monkeypatch):
    shop.rebuild()
    other = Shop(shop.tenant.__class__.objects.create(slug="other", name="Other"), [{"sku": "a", "name": "A"}])
    other.rebuild()
    began, may_end = threading.Event(), threading.Event()
    load = loading.load_index

    def slowly(directory, *, tenant, **options):
        if tenant == "other":
            began.set()
            may_end.wait(20)
        return load(directory, tenant=tenant, **options)

    monkeypatch.setattr(loading, "load_index", slowly)
    thread = threading.Thread(target=lambda: (holder.current("other"), connection.close()))
    thread.start()
    began.wait(20)
    assert holder.current("default").index.row_of(None, "kettle/red") is not None
    assert holder.held("other") is None
    may_end.set()
    thread.join()
    assert holder.held("other") is not None


def test_a_refused_version_is_tried_again_after_a_while(holder, shop, monkeypatch):
    version = shop.rebuild()
    spoil(version)
    with pytest.raises(IndexNotReady):
        holder.current("default")
    spoil(version)  # the same bit once more: it is mended
    with pytest.raises(IndexNotReady):
        holder.current("default")
    now = time.monotonic()
    monkeypatch.setattr(loading.time, "monotonic", lambda: now + loading.RETRY_SECONDS + 1)
    assert holder.current("default").index.version == version.artifact_name


def test_a_refused_version_is_tried_again_when_its_checksum_changes(holder, shop):
    version = shop.rebuild()
    IndexVersion.objects.filter(pk=version.pk).update(checksum="0" * 64)
    with pytest.raises(IndexNotReady):
        holder.current("default")
    IndexVersion.objects.filter(pk=version.pk).update(checksum=version.checksum)
    assert holder.current("default").index.version == version.artifact_name


def test_a_tenant_nobody_asks_for_makes_room_and_comes_back(holder, shop, settings):
    shop.rebuild()
    holder.current("default")
    settings.TENANT_IDLE_SECONDS = 0
    holder.refresh()
    assert holder.tenants() == []
    assert holder.current("default").index.row_of(None, "wok") is not None


WITHOUT_POSTGRES = """
import django; django.setup()
from django.conf import settings
from recommendations.index.holder import Holder
print(Holder().current("default").index.version)
"""


def test_without_postgres_a_new_process_serves_what_was_active_last(shop, settings):
    # Another process with another DATABASE_URL: the port is closed, so Postgres is down for it.
    version = shop.rebuild()
    var_dir = os.path.dirname(storages["index"].location)  # noqa: PTH120
    environment = os.environ | {
        "VAR_DIR": var_dir,
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nowhere",
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "sdr.settings",
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT_POSTGRES],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == version.artifact_name
