"""Events through both doors, and what came of them in Kafka."""

import itertools
import threading
import uuid

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from prometheus_client import REGISTRY

from events import codec, services
from events.broker.base import Outcome
from events.rpc import BATCH_SIZE
from protos.events.v1 import events_pb2 as messages
from protos.events.v1.events_pb2_grpc import EventServiceStub
from sdr.exceptions import Unavailable
from tests.eventually import eventually
from tests.integration.parity.doors import outcome


class Log:
    """Stands where Kafka is: keeps what was published. Kafka itself is tested in tests/integration/events."""

    def __init__(self):
        self.messages = []
        self.n_calls = 0
        self.outcome = Outcome.ACCEPTED
        self.is_away = False
        self.may_answer = threading.Event()
        self.may_answer.set()

    def publish(self, messages, *, timeout_seconds):
        self.n_calls += 1
        self.may_answer.wait(20)
        if self.is_away:
            raise Unavailable("Kafka does not acknowledge events now.", retry_after_seconds=2)
        self.messages += messages
        return [self.outcome] * len(messages)

    def enqueue(self, messages):
        self.messages += messages
        return [Outcome.ACCEPTED] * len(messages)

    @property
    def events(self):
        return [codec.decode(message.value) for message in self.messages]


@pytest.fixture
def log(monkeypatch):
    log = Log()
    for door in ("events.rpc.publisher", "events.views.publisher"):
        monkeypatch.setattr(door, lambda: log)
    return log


def track(doors, event, **request):
    return doors.grpc(EventServiceStub, "TrackEvent", messages.TrackEventRequest(event=event, **request))["result"]


def test_the_same_event_becomes_the_same_message(doors, log):
    event_id = str(uuid.uuid4())
    occurred_at = Timestamp()
    occurred_at.GetCurrentTime()
    occurred_at.nanos -= occurred_at.nanos % 1000
    said = {
        "event_id": event_id, "sku": "K-1", "user_id": "u-7", "session_id": "s-9", "value": 4.5,
        "recommendation_id": "r-1", "position": 3,
    }  # fmt: skip
    kind = messages.EVENT_KIND_RATING
    told = track(doors, messages.Event(kind=kind, occurred_at=occurred_at, **said))
    doors.rest("POST", "events", said | {"kind": "rating", "occurred_at": occurred_at.ToJsonString()})
    ours, theirs = (event_without_arrival(event) for event in log.events)
    assert ours == theirs
    assert (told["event_id"], told["status"]) == (event_id, "accepted")
    assert log.messages[0].key == log.messages[1].key


def event_without_arrival(event):
    return {name: getattr(event, name) for name in event.__struct_fields__ if name != "received_at"}


def test_both_doors_refuse_the_same_events_with_the_same_words(doors, log):
    far = Timestamp(seconds=4_000_000_000)
    click = {"product_id": 12, "session_id": "s-9"}
    for ours, theirs in [
        ({"session_id": "s-9"}, {"session_id": "s-9"}),
        ({"product_id": 12}, {"product_id": 12}),
        (click | {"product_id": 0}, click | {"product_id": 0}),
        (click | {"product_id": 2**60}, click | {"product_id": 2**60}),
        (click | {"event_id": "seven"}, click | {"event_id": "seven"}),
        (click | {"kind": messages.EVENT_KIND_RATING}, click | {"kind": "rating"}),
        (click | {"kind": messages.EVENT_KIND_RATING, "value": 6}, click | {"kind": "rating", "value": 6}),
        (click | {"kind": 99}, click | {"kind": "99"}),
        (click | {"user_id": "a\x00b"}, click | {"user_id": "a\x00b"}),
        (click | {"position": 10_001}, click | {"position": 10_001}),
        (click | {"occurred_at": far}, click | {"occurred_at": far.ToJsonString()}),
    ]:
        refused = outcome(track, doors, messages.Event(**ours))
        (shown,) = doors.rest("POST", "events", theirs)["results"]
        assert (refused.status, refused.code, refused.message) == (400, "invalid", shown["error"])
        assert list(refused.fields) == [shown["field"]]
    assert log.messages == []


def test_an_instant_that_no_calendar_has_is_refused(doors, log):
    event = messages.Event(product_id=12, session_id="s", occurred_at=Timestamp(seconds=2**60))
    assert outcome(track, doors, event).fields.keys() == {"occurred_at"}


def test_an_event_needs_no_more_than_a_product_and_a_shopper(doors, log):
    assert track(doors, messages.Event(product_id=12, session_id="s-9"))["status"] == "accepted"
    (event,) = log.events
    assert (event.kind, event.product_id, event.tenant) == ("click", 12, doors.tenant.slug)


def test_an_event_without_an_acknowledgement_is_unknown_and_has_an_id_to_send_again(doors, log):
    log.outcome = Outcome.UNKNOWN
    told = track(doors, messages.Event(product_id=12, session_id="s-9"))
    assert told["status"] == "unknown"
    assert uuid.UUID(told["event_id"])


def test_without_kafka_both_doors_say_when_to_come_again(doors, log):
    log.is_away = True
    refused = outcome(track, doors, messages.Event(product_id=12, session_id="s-9"))
    assert refused == outcome(doors.rest, "POST", "events", {"product_id": 12, "session_id": "s-9"})
    assert (refused.status, refused.retry_after) == (503, 2)


def test_a_queued_event_waits_for_nobody(doors, log):
    log.is_away = True
    event = messages.Event(product_id=12, session_id="s-9")
    assert track(doors, event, queued=True)["status"] == "accepted"


def stream(events):
    return (messages.TrackEventsRequest(event=event) for event in events)


def click(n):
    return messages.Event(product_id=n, session_id="s-9")


def test_of_a_stream_good_events_are_taken_and_bad_ones_named(doors, log):
    told = doors.grpc(EventServiceStub, "TrackEvents", stream([click(1), messages.Event(product_id=2), click(3)]))
    assert (told["accepted"], told["rejected"], told["unknown"]) == (2, 1, 0)
    (bad,) = told["results"]
    assert (bad["position"], bad["status"], bad["field"]) == (1, "rejected", "user_id")
    assert [event.product_id for event in log.events] == [1, 3]


def test_a_stream_of_nothing_is_nothing(doors, log):
    assert doors.grpc(EventServiceStub, "TrackEvents", stream([]))["accepted"] == 0


def test_an_event_of_a_stream_goes_on_its_way_before_the_next_one_comes(doors, log):
    may_end = threading.Event()

    def trickle():
        yield from stream([click(1)])
        may_end.wait(20)
        yield from stream([click(2)])

    answer = EventServiceStub(doors.channel).TrackEvents.future(
        trickle(), metadata=[("authorization", f"Bearer {doors.key}")], timeout=30
    )
    assert eventually(lambda: len(log.messages) == 1)
    may_end.set()
    assert answer.result(20).accepted == 2


def test_a_long_stream_is_acknowledged_in_batches_and_answered_in_bounds(doors, log, monkeypatch):
    monkeypatch.setattr("events.rpc.MAX_RESULTS", 10)
    n_bad, n_good = 50, 3000
    events = [*[messages.Event(product_id=1)] * n_bad, *map(click, range(1, n_good + 1))]
    told = doors.grpc(EventServiceStub, "TrackEvents", stream(events))
    assert (told["accepted"], told["rejected"], len(told["results"])) == (n_good, n_bad, 10)
    assert [event.product_id for event in log.events] == list(range(1, n_good + 1))
    assert n_good / services.MAX_EVENTS <= log.n_calls < n_good


def test_a_sender_is_never_faster_than_kafka(doors, log):
    log.may_answer.clear()
    sent = []

    def pour():
        for n in itertools.count(1):  # for as long as somebody takes it
            sent.append(n)
            yield messages.TrackEventsRequest(event=messages.Event(product_id=n, session_id="s" * 190))

    answer = EventServiceStub(doors.channel).TrackEvents.future(
        pour(), metadata=[("authorization", f"Bearer {doors.key}")], timeout=60
    )
    assert eventually(lambda: log.n_calls)
    before = -1
    while before != len(sent):  # until nothing more can be sent
        before = len(sent)
        threading.Event().wait(0.3)
    answer.cancel()
    log.may_answer.set()
    assert answer.code() is grpc.StatusCode.CANCELLED
    assert before * 200 < 20_000_000  # bytes: what sockets and windows hold


@pytest.mark.parametrize("leaving", ["by cancelling", "by its deadline"])
def test_when_the_sender_is_gone_no_more_is_read_or_written(doors, log, leaving):
    log.may_answer.clear()
    sent = []
    pouring = (sent.append(n) or messages.TrackEventsRequest(event=click(n)) for n in itertools.count(1))
    answer = EventServiceStub(doors.channel).TrackEvents.future(
        pouring,
        metadata=[("authorization", f"Bearer {doors.key}")],
        timeout=1 if leaving == "by its deadline" else 60,
    )
    assert eventually(lambda: log.n_calls)
    if leaving == "by cancelling":
        answer.cancel()
    assert answer.code() in (grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED)
    before = n_cancelled()
    log.may_answer.set()
    assert eventually(lambda: n_cancelled() > before)  # the method has come to its end
    # What was under way. More had been read ahead of it.
    assert len(log.messages) <= BATCH_SIZE
    assert (log.n_calls, len(sent) > len(log.messages)) == (1, True)


def n_cancelled():
    labels = {"method": "/sdr.events.v1.EventService/TrackEvents", "status": "CANCELLED"}
    return REGISTRY.get_sample_value("sdr_grpc_request_seconds_count", labels) or 0
