"""What only Apache Kafka shows: topic ids, topic settings, and logs that begin later than they did."""

import re
import uuid
from collections import Counter

import pytest

from events.broker.base import BEGINNING, Outcome, Outgoing, Partition
from events.broker.producer import publisher
from events.broker.source import KafkaSource
from events.broker.topics import ensure_topics, incarnations
from events.kinds import PRODUCT_CLICKS, TOPICS
from sdr.exceptions import Unavailable
from tests.eventually import eventually


class Reader:
    """Reads all there is, as a pipeline does: it says where to begin whenever the assignment or a log changes."""

    def __init__(self, source):
        self.source = source
        self.start_at = {}
        self.found = []
        self._positioned = None

    def step(self):
        records = self.source.read(500, 0.1)
        if self.source.generation != self._positioned:
            self._positioned = self.source.generation
            if assigned := self.source.assigned():
                self.source.seek({p: self.start_at.get(p, BEGINNING) for p in assigned})
                self.source.resume()
            return
        self.found += records

    def read_until(self, is_enough):
        eventually(lambda: self.step() or is_enough(self))


@pytest.fixture
def reader(apache_kafka):
    source = KafkaSource(f"test-{uuid.uuid4()}", TOPICS)
    yield Reader(source)
    source.close()


def publish(n):
    """Publish numbered messages, spread over all partitions."""
    messages = [Outgoing(PRODUCT_CLICKS, f"key-{number}", b"%d" % number) for number in range(n)]
    assert set(publisher().publish(messages, timeout_seconds=10)) == {Outcome.ACCEPTED}


def test_topics_are_created_with_the_logs_own_time_and_the_settings_numbers(apache_kafka, settings):
    assert apache_kafka.topics() == set(TOPICS)
    for topic in TOPICS:
        found = apache_kafka.settings_of(topic)
        assert found["message.timestamp.type"] == "LogAppendTime"
        assert found["retention.ms"] == str(settings.KAFKA_RETENTION_MS)
    ensure_topics()  # once more changes nothing
    assert apache_kafka.topics() == set(TOPICS)


def test_a_topic_that_somebody_else_made_gets_the_logs_own_time(apache_kafka):
    def is_stamped_by(whom):
        return apache_kafka.settings_of(PRODUCT_CLICKS)["message.timestamp.type"] == whom

    apache_kafka.set(PRODUCT_CLICKS, "message.timestamp.type", "CreateTime")
    eventually(lambda: is_stamped_by("CreateTime"))  # a broker shows it a moment after it took it
    ensure_topics()
    eventually(lambda: is_stamped_by("LogAppendTime"))


def test_an_incarnation_is_the_topics_id_and_ends_with_it(apache_kafka):
    before = incarnations()
    assert set(before) == set(TOPICS)
    assert incarnations() == before
    assert all(re.fullmatch(r"[\w-]{22}", found) for found in before.values())  # as Kafka writes them: no slashes
    apache_kafka.delete_topics()
    with pytest.raises(Unavailable):
        incarnations()
    ensure_topics()
    assert not set(incarnations().values()) & set(before.values())


def test_a_log_is_named_by_topic_id_and_partition(reader):
    ids = incarnations()
    assert reader.source.log_of(Partition(PRODUCT_CLICKS, 3)) == f"{PRODUCT_CLICKS}@{ids[PRODUCT_CLICKS]}/3"


def test_reading_goes_on_where_it_is_told_to(reader):
    publish(100)
    reader.read_until(lambda r: len(r.found) == 100)
    sizes = Counter(record.partition for record in reader.found)
    reader.found.clear()
    reader.source.seek({partition: n - 5 for partition, n in sizes.items()})
    reader.read_until(lambda r: len(r.found) == 5 * len(sizes))
    assert {record.offset - sizes[record.partition] for record in reader.found} == {-5, -4, -3, -2, -1}


def test_nothing_is_read_while_paused_and_nothing_is_missed(reader):
    publish(50)
    reader.read_until(lambda r: len(r.found) == 50)
    reader.source.pause()
    publish(50)
    assert reader.source.read(100, 1.0) == []
    reader.source.resume()
    reader.read_until(lambda r: len(r.found) == 100)


def test_an_offset_before_the_logs_start_is_handed_back_with_where_it_starts(reader, apache_kafka):
    publish(100)
    reader.read_until(lambda r: len(r.found) == 100)
    partition, n = Counter(record.partition for record in reader.found).popitem()
    apache_kafka.trim({tuple(partition): n - 3})
    generation = reader.source.generation
    reader.source.seek({partition: 2})
    eventually(lambda: reader.source.read(500, 0.1) or reader.source.generation != generation)
    assert reader.source.starts()[partition] == n - 3


def test_an_offset_beyond_the_logs_end_is_left_for_the_end(reader):
    publish(100)
    reader.read_until(lambda r: len(r.found) == 100)
    sizes = Counter(record.partition for record in reader.found)
    reader.found.clear()
    reader.source.seek({partition: n + 1000 for partition, n in sizes.items()})
    reader.read_until(lambda r: r.source.positions() == dict(sizes))
    publish(10)
    reader.read_until(lambda r: len(r.found) == 10)


def test_a_topic_that_was_created_anew_is_noticed(reader, apache_kafka):
    publish(40)
    reader.read_until(lambda r: len(r.found) == 40)
    name = reader.source.log_of(Partition(PRODUCT_CLICKS, 0))
    reader.found.clear()
    apache_kafka.delete_topics()
    ensure_topics()
    publish(400)
    reader.read_until(lambda r: r.source.log_of(Partition(PRODUCT_CLICKS, 0)) != name)
    reader.read_until(lambda r: {record.value for record in r.found} == {b"%d" % n for n in range(400)})
