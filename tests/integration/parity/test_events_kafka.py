"""Streams of events into Apache Kafka and on to the counters: each counts once, whatever became of its stream."""

import threading
import uuid

import grpc
import pytest

from events.broker.source import KafkaSource
from events.kinds import TOPICS
from events.live import keys
from events.live.redis import RedisLiveState
from events.pipeline import Pipeline
from events.sinks.live import LiveSink
from events.skus import SkuResolver
from events.tenants import TenantDirectory
from protos.events.v1 import events_pb2 as messages
from protos.events.v1.events_pb2_grpc import EventServiceStub
from sdr.connections import redis_client
from tests.eventually import eventually

pytestmark = pytest.mark.usefixtures("apache_kafka")
N_EVENTS, N_BEFORE_THE_BREAK, PRODUCT = 3000, 1200, 12


@pytest.fixture
def n_counted(doors):
    """Return how many clicks on the product a consumer has counted by now."""
    source = KafkaSource(f"test-{uuid.uuid4()}", TOPICS)
    pipeline = Pipeline(source, LiveSink(RedisLiveState(), TenantDirectory(), SkuResolver()))

    def count():
        pipeline.step()
        return int(redis_client().hget(keys.clicks(doors.tenant.slug), str(PRODUCT)) or 0)

    yield count
    source.close()


def clicks(n):
    events = [{"event_id": str(uuid.uuid4()), "product_id": PRODUCT, "session_id": f"s-{k % 7}"} for k in range(n)]
    return [messages.TrackEventsRequest(event=messages.Event(**event)) for event in events]


def send(doors, stream):
    bearer = [("authorization", f"Bearer {doors.key}")]
    return EventServiceStub(doors.channel).TrackEvents.future(stream, metadata=bearer, timeout=60)


def test_a_stream_that_broke_off_is_sent_again_and_every_event_counts_once(doors, n_counted):
    sent, is_gone = clicks(N_EVENTS), threading.Event()

    def breaks_off():
        yield from sent[:N_BEFORE_THE_BREAK]
        is_gone.wait(30)

    broken = send(doors, breaks_off())
    assert eventually(n_counted)  # some are on their way, while their stream is open
    broken.cancel()
    is_gone.set()
    assert broken.code() is grpc.StatusCode.CANCELLED
    answer = send(doors, iter(sent)).result(60)
    assert (answer.accepted, answer.rejected, answer.unknown) == (N_EVENTS, 0, 0)
    assert eventually(lambda: n_counted() >= N_EVENTS)
    assert n_counted() == N_EVENTS
