"""What was shown is told to Kafka, and costs nobody anything."""

import threading
import uuid
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from events import served
from events.broker import offhand
from events.kinds import RECOMMENDATIONS_SERVED


def n_dropped():
    labels = {"topic": RECOMMENDATIONS_SERVED, "result": "dropped"}
    return REGISTRY.get_sample_value("sdr_offhand_messages_total", labels) or 0


def publish(recommendation_id="r-1"):
    served.publish(
        recommendation_id=recommendation_id, tenant="default", product_ids=[7, 3], reason_codes=["similar", "new"],
        index_version="v1",
    )  # fmt: skip


@given(recommendation_id=st.uuids().map(str))
def test_all_are_told_of_or_none(recommendation_id):
    assert served.is_sampled(recommendation_id, 1.0)
    assert not served.is_sampled(recommendation_id, 0.0)


def test_a_tenth_is_a_tenth():
    ids = [str(uuid.UUID(int=n)) for n in range(10_000)]
    assert sum(served.is_sampled(one, 0.1) for one in ids) == pytest.approx(1000, rel=0.1)


@given(recommendation_id=st.uuids().map(str), rates=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted))
def test_who_is_in_a_small_sample_is_in_a_larger_one(recommendation_id, rates):
    assert served.is_sampled(recommendation_id, rates[0]) <= served.is_sampled(recommendation_id, rates[1])


def test_without_a_kafka_it_is_counted_and_nobody_notices(settings):
    settings.KAFKA_BOOTSTRAP_SERVERS = ""
    before = n_dropped()
    publish()
    assert n_dropped() == before + 1


def test_what_is_not_sampled_is_not_even_dropped(settings):
    settings.KAFKA_BOOTSTRAP_SERVERS = ""
    settings.SERVED_SAMPLE_RATE = 0
    before = n_dropped()
    publish()
    assert n_dropped() == before


class Buffer:
    """Librdkafka's, with room for some messages."""

    def __init__(self, room):
        self.room, self.keys = room, []

    def produce(self, _topic, _value, key, **_options):
        if len(self.keys) >= self.room:
            raise BufferError
        self.keys.append(key)

    def poll(self, _timeout):
        pass


@pytest.fixture
def sender_to(monkeypatch, settings):
    """A sender whose thread is the test."""

    def sender_to(room):
        settings.KAFKA_BOOTSTRAP_SERVERS = "nowhere"
        sender = offhand._Sender()
        sender._producer = Buffer(room)
        monkeypatch.setattr(offhand, "_sending", lambda *_key: SimpleNamespace(sender=sender))
        return sender

    return sender_to


def test_answers_are_told_together_in_their_order(sender_to):
    sender = sender_to(room=9)
    for name in ("r-1", "r-2", "r-3"):
        publish(name)
    assert sender._producer.keys == []
    sender.step()
    assert sender._producer.keys == ["r-1", "r-2", "r-3"]


def test_a_full_buffer_drops_and_counts(sender_to):
    sender = sender_to(room=1)
    before = n_dropped()
    publish()
    publish()
    sender.step()
    assert n_dropped() == before + 1


def test_what_a_slow_thread_leaves_aside_is_bounded(sender_to, monkeypatch):
    monkeypatch.setattr(offhand, "_MAX_MESSAGES", 2)
    sender = sender_to(room=9)
    before = n_dropped()
    for _ in range(5):
        publish()
    sender.step()
    assert (len(sender._producer.keys), n_dropped()) == (2, before + 3)


def test_who_sends_first_together_shares_one_sender(monkeypatch, settings):
    settings.KAFKA_BOOTSTRAP_SERVERS = "nowhere"
    second, made = threading.Thread(target=publish), []

    class Sending:
        def __init__(self):
            made.append(self)
            self.sender = offhand._Sender()
            if len(made) == 1:
                second.start()
                second.join(0.2)  # ends only if it makes one of its own

    monkeypatch.setattr(offhand, "_Sending", Sending)
    monkeypatch.setattr(offhand, "Finalize", lambda *_args, **_options: None)
    publish()
    second.join()
    offhand._sending.cache_clear()
    assert len(made) == 1
