"""The way to Kafka when its client fails: what no broker can be made to do."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from events.broker.base import Outcome, Outgoing
from events.broker.producer import KafkaPublisher
from sdr.exceptions import Unavailable
from tests.eventually import eventually

MESSAGE = Outgoing("product_clicks", "u:1", b"{}")


class Client:
    """librdkafka's producer with a buffer of ``room``: it acknowledges what it is polled for, or fails for good."""

    def __init__(self, room=10):
        self.room, self.has_failed, self.is_answering = room, False, True
        self._waiting = []

    def __len__(self):
        return len(self._waiting)

    def produce(self, topic, value, key, partition, on_delivery, *, headers):
        if self.has_failed:
            raise KafkaException(KafkaError(KafkaError._FATAL))
        if value == b"too large":
            raise KafkaException(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE))
        if len(self._waiting) >= self.room:
            raise BufferError
        self._waiting.append(on_delivery)

    def poll(self, _timeout):
        while self._waiting and (self.is_answering or self.has_failed):
            self._waiting.pop()(KafkaError(KafkaError._PURGE_QUEUE) if self.has_failed else None, None)

    def purge(self):
        assert self.has_failed

    def flush(self, _timeout):
        self.poll(0)


@pytest.fixture
def clients():
    return [Client(), Client()]


@pytest.fixture
def publisher(clients, settings):
    settings.KAFKA_ACK_TIMEOUT_SECONDS = 60
    remaining = iter(clients)
    made = KafkaPublisher(lambda: next(remaining))
    yield made
    made.close()


def publish(publisher, *messages, seconds=10):
    return publisher.publish(messages or [MESSAGE], timeout_seconds=seconds)


def test_a_producer_that_failed_for_good_is_replaced_and_nobody_notices(publisher, clients):
    assert publish(publisher) == [Outcome.ACCEPTED]
    clients[0].has_failed = True
    assert publish(publisher) == [Outcome.ACCEPTED]
    assert publish(publisher, MESSAGE, MESSAGE) == [Outcome.ACCEPTED] * 2


def test_what_a_failed_producer_held_has_an_unknown_outcome(publisher, clients):
    clients[0].is_answering = False
    publisher.enqueue([MESSAGE])
    clients[0].has_failed = True
    publish(publisher)
    assert publish(publisher) == [Outcome.ACCEPTED]
    eventually(lambda: len(clients[0]) == 0)


def test_a_full_buffer_is_no_acknowledgement(publisher, clients):
    clients[0].is_answering, clients[0].room = False, 1
    assert publish(publisher, MESSAGE, MESSAGE, seconds=0) == [Outcome.UNKNOWN, Outcome.REJECTED]
    with pytest.raises(Unavailable, match="does not acknowledge"):
        publish(publisher)


def test_what_is_too_large_is_refused_and_says_nothing_about_kafka(publisher):
    too_large = Outgoing("product_clicks", "u:1", b"too large")
    assert publish(publisher, too_large) == [Outcome.REJECTED]
    assert publish(publisher, too_large, MESSAGE) == [Outcome.REJECTED, Outcome.ACCEPTED]


def test_where_there_is_no_room_for_anything_the_caller_is_turned_away(publisher, clients):
    clients[0].is_answering, clients[0].room = False, 0
    with pytest.raises(Unavailable, match="full"):
        publish(publisher)
