"""Who builds: one at a time, and a dead builder's place is free again."""

from datetime import timedelta

import pytest
from django.db.models import F

from recommendations.index import lease
from recommendations.index.lease import LeaseLost, building, take
from recommendations.index.rebuild import rebuild
from recommendations.models import IndexBuild
from tests.eventually import eventually
from tests.integration.recommendations.test_registry import in_another_session


def let_pass(tenant, seconds):
    """What the builder looks like when it was not heard of for so long."""
    IndexBuild.objects.filter(tenant=tenant).update(expires_at=F("expires_at") - timedelta(seconds=seconds))


def test_a_builder_that_was_killed_is_followed_by_another(shop):
    assert take(shop.tenant)
    let_pass(shop.tenant, lease.LEASE_SECONDS - 5)
    assert rebuild(shop.tenant) is None
    let_pass(shop.tenant, 10)
    assert rebuild(shop.tenant) is not None


def test_a_builder_at_work_keeps_its_place_however_long_it_takes(tenant, monkeypatch):
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.01)
    with building(tenant):
        before = IndexBuild.objects.get().expires_at
        let_pass(tenant, lease.LEASE_SECONDS * 2)
        eventually(lambda: IndexBuild.objects.get().expires_at > before)
        assert in_another_session(lambda: take(tenant)) is None


def test_one_that_was_thought_dead_stops_at_its_next_step_and_disturbs_nobody(tenant):
    with building(tenant) as late:
        let_pass(tenant, lease.LEASE_SECONDS * 2)
        follower = take(tenant)
        assert not late.beat()
        with pytest.raises(LeaseLost):
            late.report("neighbours", 1, 2)
    assert follower.beat()
    assert IndexBuild.objects.get().state == IndexBuild.State.RUNNING


def test_the_place_says_how_far_the_build_is(tenant, monkeypatch):
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.01)
    with building(tenant) as held:
        held.report("neighbours", 7, 9)
        eventually(lambda: IndexBuild.objects.filter(step="neighbours", n_done=7, n_total=9).exists())


def test_a_build_that_fails_says_why(tenant):
    with pytest.raises(ZeroDivisionError), building(tenant):
        raise ZeroDivisionError("by nought")
    build = IndexBuild.objects.get()
    assert (build.state, build.problem) == (IndexBuild.State.FAILED, "ZeroDivisionError: by nought")
    with building(tenant):
        pass
    build.refresh_from_db()
    assert (build.state, build.problem) == (IndexBuild.State.DONE, "")
