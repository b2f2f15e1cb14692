"""What follows what, learned anew from the archive or a file, beside the lists in force."""

import contextlib
import gzip
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from catalog.importing.source import open_source
from events import services
from events.archive.history import ArchiveHistory
from events.broker.memory import MemoryBroker, MemorySource
from events.kinds import TOPICS
from events.live import keys as live_keys
from events.live.redis import RedisLiveState
from events.live.sequences import keys
from events.live.sequences.feed import changed_lists
from events.live.sequences.kinds import Following
from events.live.sequences.redis import RedisSequences
from events.pipeline import Pipeline
from events.rebuild import generations
from events.rebuild.run import LIVE_STATE, SEQUENCES, Past, rebuild
from events.sinks.archive import ArchiveSink
from events.sinks.live import LiveSink
from events.sinks.sequences import SequenceSink
from events.skus import SkuResolver
from events.tenants import TenantDirectory
from sdr import clock
from sdr.accounts.models import DEFAULT_TENANT, Tenant
from tests.factories import make_product

pytestmark = pytest.mark.django_db
VIEWED, BOUGHT, ENDED = Following


@pytest.fixture(autouse=True)
def _ticking_clock(monkeypatch):
    """No two events at one instant: each look at the clock is 20 ms later."""
    began, ticks = clock.now() - timedelta(minutes=10), iter(range(1_000_000))
    monkeypatch.setattr(clock, "now", lambda: began + timedelta(milliseconds=20 * next(ticks)))


class Shop:
    """A log in memory, and a learner, a counter and an archiver who read it."""

    def __init__(self):
        self.tenant = Tenant.objects.get(slug=DEFAULT_TENANT)
        self.broker = MemoryBroker()
        self.broker.now_ms = int(clock.now_seconds() * 1000)
        directories = (TenantDirectory(), SkuResolver(), ArchiveHistory())
        self.learner = self._consumer(SequenceSink(RedisSequences(), *directories))
        self._counter = self._consumer(LiveSink(RedisLiveState(), *directories))
        self._archiver = self._consumer(ArchiveSink(TenantDirectory(), lambda: self.broker))

    def source(self):
        return MemorySource(self.broker, TOPICS)

    def _consumer(self, sink):
        source = self.source()
        return Pipeline(source, sink), source

    def send(self, session, *products, kind="click"):
        for product in products:
            event = {"product_id": product, "session_id": session, "kind": kind}
            services.track([event], tenant=self.tenant.slug, publisher=self.broker)
            self.learn()

    def sessions(self, first=0, n=6):
        for number in range(first, first + n):
            self.send(f"s-{number}", 1, 2 + number % 3, 9)
            self.send(f"s-{number}", 9, 7, kind="purchase")

    def learn(self):
        work_off(*self.learner)

    def archive(self):
        work_off(*self._archiver)
        work_off(*self._counter)

    def learn_anew(self, **options):
        rebuild(self.tenant, what=SEQUENCES, **options)

    def lists(self):
        """Return what follows each product, as counts, and as scores that are the same to six places."""
        lists = {}
        for kind in Following:
            for product in range(1, 10):
                listed = RedisSequences().following(self.tenant.slug, kind, product)
                rows = zip(listed.product_ids.tolist(), listed.scores.tolist(), listed.counts.tolist(), strict=True)
                lists |= {(kind, product, follower): (round(score, 5), n) for follower, score, n in rows}
        return lists


def work_off(pipeline, source):
    pipeline.step()
    while sum(source.lag().values()):
        pipeline.step()
    pipeline.step()


@pytest.fixture
def shop(redis_client):
    return Shop()


def assert_same(found, expected):
    assert {place: n for place, (_, n) in found.items()} == {place: n for place, (_, n) in expected.items()}
    for place, (score, _) in expected.items():
        assert found[place][0] == pytest.approx(score, abs=2e-5)


@pytest.mark.parametrize("with_kafka", [True, False])
def test_from_the_archive_the_lists_are_what_they_were(shop, redis_client, with_kafka):
    shop.sessions()
    expected = shop.lists()
    assert {(VIEWED, 1, 2), (BOUGHT, 9, 7), (ENDED, 1, 7)} <= expected.keys()
    shop.archive()
    redis_client.flushall()
    shop.learn_anew(source=shop.source() if with_kafka else None)
    assert_same(shop.lists(), expected)


def test_the_archive_first_and_kafka_from_where_it_ends(shop):
    shop.sessions()
    shop.archive()
    shop.sessions(first=6)
    expected = shop.lists()
    shop.learn_anew(source=shop.source())
    assert_same(shop.lists(), expected)


def test_a_learner_that_goes_on_meanwhile_ends_exact(shop):
    shop.sessions()
    shop.archive()
    meanwhile = []

    def go_on(step, _done, _total):
        meanwhile.append(step)
        if len(meanwhile) < 10:
            shop.sessions(first=100 + len(meanwhile), n=1)

    shop.learn_anew(source=shop.source(), on_progress=go_on)
    shop.learner[0].advance()  # as it does every few seconds; here it finds out that the state was exchanged
    shop.learn()
    found = shop.lists()
    assert set(meanwhile) == {"archive", "kafka"}
    assert found[ENDED, 1, 7][1] == 6 + len(meanwhile)
    shop.learn_anew(from_archive=False, source=shop.source())
    assert_same(found, shop.lists())


def test_a_file_is_learned_before_what_is_in_kafka(shop, tmp_path):
    own = [make_product(sku=sku, tenant_id=shop.tenant.pk).pk for sku in "AB"]
    shop.send("s-1", own[0], own[1])
    day = "2026-01-05T10"
    rows = [f"u-1,,A,click,{day}:00:00Z", f"u-1,,B,purchase,{day}:01:00Z", f",s,A,jump,{day}:02:00Z"]
    file = tmp_path / "past.csv.gz"
    file.write_bytes(gzip.compress("\n".join(["user_id,session_id,sku,kind,occurred_at", *rows]).encode()))
    problems = []
    with open_source(str(file)) as opened:
        shop.learn_anew(past=Past(opened, problems.append), from_archive=False, source=shop.source())
    lists = [RedisSequences().following(shop.tenant.slug, kind, own[0]) for kind in (VIEWED, ENDED)]
    assert [(listed.product_ids.tolist(), listed.counts.tolist()) for listed in lists] == [
        ([own[1]], [2]),
        ([own[1]], [1]),
    ]
    assert len(problems) == 1
    assert "line 4" in problems[0]


def test_what_is_older_than_since_is_forgotten(shop):
    shop.send("s-1", 1, 2)
    since = clock.now()
    shop.send("s-2", 3, 4)
    shop.archive()
    shop.learn_anew(since=since)
    assert {place[1] for place in shop.lists()} == {3, 4}


def test_followers_take_it_that_every_list_has_changed_and_nothing_of_the_old_is_left(shop, redis_client):
    shop.sessions()
    shop.archive()
    shop.learn_anew()
    position = changed_lists(shop.tenant.slug, None).position
    shop.learn_anew()
    assert changed_lists(shop.tenant.slug, position).is_everything
    space, in_force = keys.space(shop.tenant.slug), redis_client.get(keys.generation(shop.tenant.slug)).decode()
    others = {space + "generation", space + "feed"}
    found = {key.decode() for key in redis_client.scan_iter(match=f"{space}*")}
    assert all(key.startswith(space + in_force) for key in found - others)


def test_it_leaves_the_live_state_alone_and_is_left_alone_by_its_rebuilds(shop, redis_client):
    shop.sessions()
    shop.archive()
    rebuild(shop.tenant, what=LIVE_STATE)
    lists = shop.lists()
    in_force = redis_client.get(live_keys.generation("default")).decode()
    clicks = redis_client.dump(live_keys.clicks("default", in_force))
    shop.learn_anew()
    assert redis_client.dump(live_keys.clicks("default", in_force)) == clicks
    rebuild(shop.tenant, what=LIVE_STATE)
    assert_same(shop.lists(), lists)


def test_an_interrupted_run_leaves_everything_as_it_was(shop, redis_client):
    shop.sessions()
    shop.archive()
    before = {key: redis_client.dump(key) for key in redis_client.scan_iter()}

    def interrupt(*_progress):
        raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        shop.learn_anew(on_progress=interrupt)
    assert {key: redis_client.dump(key) for key in redis_client.scan_iter()} == before


def test_two_states_are_rebuilt_side_by_side_and_one_of_them_once_at_a_time(shop):
    with generations.new_generation(shop.tenant.slug, SEQUENCES.spelling):
        rebuild(shop.tenant, what=LIVE_STATE)
        with pytest.raises(generations.AlreadyRebuilding):
            shop.learn_anew()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--since", "2026-01-01T00:00:00Z"], "go with --from-archive"),
        (["--from-archive", "--since", "yesterday"], "ISO 8601"),
        (["--from-archive", "--tenant", "nobody"], "no active tenant 'nobody'"),
        (["--from", "/nowhere/past.csv"], "cannot be read: No such file"),
    ],
)
def test_the_command_says_what_it_cannot_take(monkeypatch, words, told):
    monkeypatch.setattr("events.management.commands.learn_sequences.require_kafka", lambda: None)
    with pytest.raises(CommandError, match=told):
        call_command("learn_sequences", *words)
