"""A shop in small: the way in, a log in memory that both consumers read, the real Postgres and Redis."""

import pytest
from django.test import Client

from events import services
from events.broker.memory import MemoryBroker, MemorySource
from events.kinds import TOPICS
from events.live.redis import RedisLiveState
from events.live.sequences.redis import RedisSequences
from events.pipeline import Pipeline
from events.rebuild.run import rebuild
from events.shoppers import telling
from events.sinks.archive import ArchiveSink
from events.sinks.live import LiveSink
from events.sinks.sequences import SequenceSink
from events.skus import SkuResolver
from events.tenants import TenantDirectory
from events.tombstones import TombstoneDirectory
from sdr import clock
from sdr.accounts.models import Tenant


class Shop:
    def __init__(self, tenant):
        self.tenant, self.api = tenant, Client()
        self.broker = MemoryBroker()
        self.broker.now_ms = int(clock.now_seconds() * 1000)
        self.start_consumers()

    def start_consumers(self):
        """Each as a process that has just been started: it knows what is stored, and no more."""
        directories = (TenantDirectory(), SkuResolver())
        self._live = self._pipeline(LiveSink(RedisLiveState(), *directories, erased=TombstoneDirectory()))
        self._sequences = self._pipeline(SequenceSink(RedisSequences(), *directories, erased=TombstoneDirectory()))
        self._archive = self._pipeline(ArchiveSink(TenantDirectory(), lambda: self.broker))

    def _pipeline(self, sink):
        source = MemorySource(self.broker, TOPICS)
        return Pipeline(source, sink), source

    def send(self, product_id, *, user=None, session=None, kind="click", **fields):
        names = {"user_id": user, "session_id": session}
        event = {"product_id": product_id, "kind": kind, **fields} | {k: v for k, v in names.items() if v}
        (tracked,) = services.track([event], tenant=self.tenant.slug, publisher=self.broker)
        assert tracked.status == "accepted", tracked.error

    def consume(self):
        self._work_off(self._live)
        self._work_off(self._sequences)

    def steps(self, shopper):
        """Return what products the session met."""
        return [met.product_id for met in RedisSequences().session(self.tenant.slug, shopper)]

    def archive(self):
        self._work_off(self._archive)

    def work_off(self):
        self.consume()
        self.archive()

    def _work_off(self, consumer):
        pipeline, source = consumer
        self.broker.now_ms = int(clock.now_seconds() * 1000)
        pipeline.step()
        while sum(source.lag().values()):
            pipeline.step()
        pipeline.step()
        pipeline.advance()

    def rebuild(self, **kw):
        rebuild(self.tenant, **kw)

    def source(self):
        return MemorySource(self.broker, TOPICS)

    def erase(self, user):
        answer = self.api.delete(f"/api/users/{user}")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def merge(self, user, session):
        answer = self.api.post(f"/api/users/{user}/merge", {"session_id": session}, "application/json")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def state(self, name):
        return RedisLiveState().shopper(self.tenant.slug, name)

    def recent(self, name):
        return [product for product, _ in self.state(name).recent]

    def clicks(self):
        changes = RedisLiveState().products(self.tenant.slug)
        return dict(zip(changes.product_ids.tolist(), changes.clicks.tolist(), strict=True))


@pytest.fixture
def shop(transactional_db, redis_client, monkeypatch):
    made = Shop(Tenant.objects.get(slug="default"))
    monkeypatch.setattr(telling, "publisher", lambda: made.broker)
    return made
