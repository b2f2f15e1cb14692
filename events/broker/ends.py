"""Where the topics' logs end, without becoming a member of any group."""

from collections.abc import Sequence

from confluent_kafka import Consumer, KafkaException, TopicPartition

from events.broker.config import consumer_config
from events.broker.topics import incarnations
from sdr.exceptions import Unavailable

_TIMEOUT_SECONDS = 1.0


class LogEnds:
    """Makes its connection once and is asked often, by one thread."""

    def __init__(self, topics: Sequence[str]) -> None:
        self._topics = topics
        self._consumer = Consumer(consumer_config("sdr-log-ends"))
        self._incarnations: dict[str, str] = {}

    def read(self) -> dict[str, tuple[int, int]]:
        """Return each log's first offset and the one after its last; raises Unavailable."""
        try:
            self._incarnations = self._incarnations or incarnations()
            return {
                f"{topic}@{self._incarnations[topic]}/{number}": self._consumer.get_watermark_offsets(
                    TopicPartition(topic, number), timeout=_TIMEOUT_SECONDS
                )
                for topic in self._topics
                for number in self._consumer.list_topics(topic, timeout=_TIMEOUT_SECONDS).topics[topic].partitions
            }
        except KafkaException as error:
            raise Unavailable(f"Kafka: {error}") from error

    def close(self) -> None:
        self._consumer.close()
