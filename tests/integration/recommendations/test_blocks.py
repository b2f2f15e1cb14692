"""A big catalogue's build by many workers gives the bits that one process gives, whoever is killed."""

import json
from datetime import timedelta

import pytest
from django.db.models import F

from recommendations import tasks
from recommendations.index import blocks, registry, store
from recommendations.index.artifact import MANIFEST
from recommendations.index.rebuild import join, rebuild
from recommendations.models import IndexBuild, IndexVersion


@pytest.fixture
def spread(settings):
    settings.INDEX_SPREAD_FROM, settings.INDEX_BLOCK_ROWS = 3, 4


class Sent:
    """The queue: what was sent out and is not done yet."""

    def __init__(self):
        self.calls = []

    def __call__(self, slug, token, numbers):
        self.calls.append((token, list(numbers)))

    @property
    def token(self):
        return self.calls[-1][0]


@pytest.fixture
def sent(shop, spread):
    sent = Sent()
    assert rebuild(shop.tenant, send=sent) is None
    return sent


def files_of(version):
    """Every file's checksum, and all that the manifest says but the version's name."""
    directory = store.fetch(version.tenant.slug, version.artifact_name)
    manifest = json.loads((directory / MANIFEST).read_bytes())
    return {path.name for path in directory.iterdir()}, manifest | {"version": ""}


def be_silent(tenant):
    IndexBuild.objects.filter(tenant=tenant).update(expires_at=F("expires_at") - timedelta(hours=1))


def test_two_builds_of_one_catalogue_are_the_same_bits(shop):
    assert files_of(shop.rebuild()) == files_of(shop.rebuild())


def test_blocks_give_the_same_bits_as_one_process(shop, spread, settings):
    alone = shop.rebuild()
    settings.CELERY_TASK_ALWAYS_EAGER = True
    tasks.rebuild_index.delay(shop.tenant.slug, regardless=True)
    assert IndexBuild.objects.get().n_blocks > 1
    together = registry.active_version("default")
    assert together != alone
    assert files_of(together) == files_of(alone)
    assert IndexBuild.objects.get().state == IndexBuild.State.DONE
    assert store.names("default") == {alone.artifact_name, together.artifact_name}


def test_a_small_catalogue_stays_in_one_process(shop, spread, settings):
    settings.INDEX_SPREAD_FROM = 1000
    sent = Sent()
    assert rebuild(shop.tenant, send=sent) == registry.active_version("default").artifact_name
    assert sent.calls == []


def test_the_last_block_says_so_and_nobody_builds_meanwhile(shop, sent):
    ((token, numbers),) = sent.calls
    assert numbers == [0, 1, 2]
    assert [blocks.compute(shop.tenant, token, number) for number in (2, 0)] == [False, False]
    assert rebuild(shop.tenant) is None
    assert blocks.compute(shop.tenant, token, 1) is True
    assert IndexBuild.objects.get().n_done == 11  # groups: every row of every block
    assert join(shop.tenant, token) == registry.active_version("default").artifact_name


def test_a_block_that_arrives_twice_counts_once(shop, sent):
    for number in (0, 0, 1, 1):
        assert blocks.compute(shop.tenant, sent.token, number) is False
    assert blocks.compute(shop.tenant, sent.token, 2) is True
    assert blocks.compute(shop.tenant, sent.token, 2) is False


def test_lost_blocks_are_sent_again(shop, sent):
    blocks.compute(shop.tenant, sent.token, 1)
    blocks.mend(shop.tenant, sent)
    assert len(sent.calls) == 1  # there is hope yet
    be_silent(shop.tenant)
    blocks.mend(shop.tenant, sent)
    assert sent.calls[1:] == [(sent.token, [0, 2])]
    assert rebuild(shop.tenant) is None
    for number in (0, 2):
        blocks.compute(shop.tenant, sent.token, number)
    assert join(shop.tenant, sent.token)


def test_a_join_that_was_lost_is_sent_again(shop, sent):
    for number in range(3):
        blocks.compute(shop.tenant, sent.token, number)
    be_silent(shop.tenant)
    blocks.mend(shop.tenant, sent)
    assert sent.calls[1:] == [(sent.token, [])]


def test_after_a_few_attempts_the_build_fails_and_the_place_is_free(shop, sent):
    for _ in range(blocks.MAX_ATTEMPTS):
        be_silent(shop.tenant)
        blocks.mend(shop.tenant, sent)
    assert len(sent.calls) == blocks.MAX_ATTEMPTS
    build = IndexBuild.objects.get()
    assert (build.state, "silent" in build.problem) == (IndexBuild.State.FAILED, True)
    # A straggler of the build that was given up is nothing to do.
    assert blocks.compute(shop.tenant, sent.token, 0) is False
    assert join(shop.tenant, sent.token) is None
    version = shop.rebuild()
    assert store.names("default") == {version.artifact_name}


def test_a_block_that_fails_again_and_again_ends_the_build(shop, spread, settings, monkeypatch):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    tried = []

    def fail(tenant, token, number):
        tried.append(number)
        raise MemoryError("no room")

    monkeypatch.setattr(blocks, "compute", fail)
    tasks.rebuild_index.delay("default")
    assert tried[:3] == [0, 0, 0]
    assert IndexBuild.objects.get().problem == "MemoryError: no room"
    assert not IndexVersion.objects.exists()


def test_when_nothing_can_be_sent_the_place_is_free(shop, spread):
    def fail(*_):
        raise ConnectionError("no broker")

    with pytest.raises(ConnectionError):
        rebuild(shop.tenant, send=fail)
    assert IndexBuild.objects.get().problem == "ConnectionError: no broker"
    assert shop.rebuild()


def test_what_is_up_to_date_when_its_turn_comes_is_not_built(shop):
    shop.rebuild()
    tasks.rebuild_index("default")
    assert IndexVersion.objects.count() == 1
