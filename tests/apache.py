"""Apache Kafka for tests: one broker per run, and what can be done to it."""

from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource
from django.conf import settings as django_settings

from events.broker.producer import close_publisher
from events.broker.topics import ensure_topics
from events.kinds import TOPICS
from sdr.embedded.apache import libraries
from sdr.embedded.apache.cluster import Cluster, running
from tests.eventually import eventually

ANSWER_SECONDS = 10


class ApacheKafka:
    """The run's broker. It keeps its port and its data, whatever is done to it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        (self._node,) = cluster.nodes
        self.bootstrap_servers = cluster.bootstrap_servers
        self._admin = AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 0})

    def kill(self) -> None:
        self._node.kill()

    def stop(self) -> None:
        self._node.stop()

    def start(self) -> None:
        if not self._node.is_running():
            self._node.start()
        self._cluster.wait_until_ready()

    def topics(self) -> set[str]:
        return {topic for topic in self._admin.list_topics(timeout=ANSWER_SECONDS).topics if not topic.startswith("_")}

    def delete_topics(self) -> None:
        for done in self._admin.delete_topics(list(topics)).values() if (topics := self.topics()) else ():
            done.result(ANSWER_SECONDS)
        eventually(lambda: not self.topics(), seconds=ANSWER_SECONDS)

    def trim(self, offsets: dict[tuple[str, int], int]) -> None:
        """Delete what lies before these offsets, as retention does."""
        places = [TopicPartition(topic, number, offset) for (topic, number), offset in offsets.items()]
        for done in self._admin.delete_records(places).values():
            done.result(ANSWER_SECONDS)

    def records(self, topic: str, number: int, first: int, end: int) -> list[bytes]:
        """Return the messages at these offsets."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap_servers, "group.id": "test-records"})
        consumer.assign([TopicPartition(topic, number, first)])
        found = consumer.consume(end - first, timeout=ANSWER_SECONDS)
        consumer.close()
        return [message.value() for message in found]

    def set(self, topic: str, name: str, value: str) -> None:
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
        for done in self._admin.incremental_alter_configs([resource]).values():
            done.result(ANSWER_SECONDS)

    def settings_of(self, topic: str) -> dict[str, str]:
        (done,) = self._admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, topic)]).values()
        return {name: entry.value for name, entry in done.result(ANSWER_SECONDS).items()}


@pytest.fixture(scope="session")
def _apache_kafka() -> Iterator[ApacheKafka]:
    try:
        libraries.java()
        libraries.libraries()
    except libraries.NoApacheKafka as error:
        pytest.skip(str(error))
    with running(django_settings.VAR_DIR / "apache-kafka") as cluster:
        yield ApacheKafka(cluster)


@pytest.fixture
def apache_kafka(_apache_kafka: ApacheKafka, settings) -> Iterator[ApacheKafka]:
    """Apache Kafka as the Kafka that the settings name, running, with SDR's topics new and empty."""
    close_publisher()
    _apache_kafka.start()
    settings.KAFKA_BOOTSTRAP_SERVERS = _apache_kafka.bootstrap_servers
    settings.KAFKA_INCARNATION = None
    _apache_kafka.delete_topics()
    ensure_topics()
    eventually(lambda: _apache_kafka.topics() >= set(TOPICS))  # a broker knows them a moment after it made them
    yield _apache_kafka
    close_publisher()
