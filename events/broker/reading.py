"""Reading topics once, from their beginning to where they end now, without being a member of a group."""

from collections.abc import Iterator, Sequence
from typing import cast

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from events.broker.base import Partition, Record
from events.broker.config import consumer_config
from sdr.exceptions import Unavailable

_TIMEOUT_SECONDS = 10.0
_AT_ONCE = 1000


def read_to_end(topics: Sequence[str]) -> Iterator[Record]:
    """Yield every record that the topics hold when this begins, with headers. Raises Unavailable."""
    consumer = Consumer(
        consumer_config("sdr-reading") | {"enable.partition.eof": True, "auto.offset.reset": "earliest"}
    )
    try:
        yield from _read(consumer, topics)
    except KafkaException as error:
        raise Unavailable(f"Kafka: {error}") from error
    finally:
        consumer.close()


def _read(consumer: Consumer, topics: Sequence[str]) -> Iterator[Record]:
    ends = {partition: _end(consumer, partition) for topic in topics for partition in _partitions(consumer, topic)}
    unfinished = {partition for partition, end in ends.items() if end > 0}
    consumer.assign([TopicPartition(*partition, OFFSET_BEGINNING) for partition in sorted(unfinished)])
    while unfinished:
        # poll() returns with the first message, consume() only with the last: so wait with one, take with the other.
        first = consumer.poll(_TIMEOUT_SECONDS)
        if first is None:
            raise Unavailable(f"Kafka sent nothing for {_TIMEOUT_SECONDS:g} seconds.")
        for message in (first, *consumer.consume(_AT_ONCE, timeout=0)):
            partition = Partition(message.topic() or "", message.partition() or 0)
            if _is_end(message):
                unfinished.discard(partition)
            elif (message.offset() or 0) < ends[partition]:
                yield _record(partition, message)
            if (message.offset() or 0) >= ends[partition] - 1:
                unfinished.discard(partition)


def _partitions(consumer: Consumer, topic: str) -> list[Partition]:
    found = consumer.list_topics(topic, timeout=_TIMEOUT_SECONDS).topics[topic]
    if found.error is not None and found.error.code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
        raise KafkaException(found.error)
    return [Partition(topic, number) for number in found.partitions]


def _end(consumer: Consumer, partition: Partition) -> int:
    _, end = consumer.get_watermark_offsets(TopicPartition(*partition), timeout=_TIMEOUT_SECONDS)
    return int(end)


def _is_end(message: Message) -> bool:
    error = message.error()
    if error is None:
        return False
    if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001  the library's public codes begin so
        raise KafkaException(error)
    return True


def _record(partition: Partition, message: Message) -> Record:
    headers = cast("list[tuple[str, bytes | None]]", message.headers() or [])
    return Record(
        partition,
        message.offset() or 0,
        message.timestamp()[1],
        message.value(),
        tuple((name, value or b"") for name, value in headers),
    )
