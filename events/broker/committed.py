"""Reading from Kafka as a member of a group whose offsets Kafka itself keeps: for work done at least once."""

from collections.abc import Sequence
from typing import Any, Protocol

import structlog
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from events.broker.base import Partition, Record
from events.broker.config import consumer_config
from events.broker.topics import are_there

log = structlog.get_logger(__name__)


class CommittingSource(Protocol):
    """Not for use by several threads."""

    @property
    def is_member(self) -> bool:
        """Whether the group has given this member its share, be it nothing."""
        ...

    def read(self, max_records: int, timeout_seconds: float) -> list[Record]:
        """Return what has come, at most ``max_records``; empty after ``timeout_seconds``."""
        ...

    def commit(self, records: Sequence[Record]) -> None:
        """Note that these, and all before them, are done with. What cannot be noted is read again, some day."""
        ...

    def close(self) -> None:
        """Leave the group."""
        ...


class KafkaCommittingSource:
    """See :class:`CommittingSource`. It reads ``topics``, once they and ``also_needed`` are there.

    A new group begins at the log's start, and one whose offsets are older than the log where the log now begins.
    """

    def __init__(self, group: str, topics: Sequence[str], *, also_needed: Sequence[str] = ()) -> None:
        self._consumer = Consumer(consumer_config(group) | {"auto.offset.reset": "earliest"})
        self._topics, self._also_needed = topics, also_needed
        self._is_subscribed = self._is_member = False

    @property
    def is_member(self) -> bool:
        return self._is_member

    def read(self, max_records: int, timeout_seconds: float) -> list[Record]:
        if not self._is_subscribed:
            self._subscribe()
        first = self._consumer.poll(timeout_seconds)
        if first is None:
            return []
        messages = [first, *self._consumer.consume(max_records - 1, timeout=0)]
        return [record for message in messages if (record := _record(message)) is not None]

    def commit(self, records: Sequence[Record]) -> None:
        ends: dict[Partition, int] = {}
        for record in records:
            ends[record.partition] = max(ends.get(record.partition, 0), record.offset + 1)
        offsets = [TopicPartition(*partition, end) for partition, end in ends.items()]
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            # As after a rebalance: whoever holds the partitions now does the work again.
            log.warning("not committed", reason=error.args[0].str())

    def close(self) -> None:
        self._consumer.close()

    def _subscribe(self) -> None:
        if not are_there((*self._topics, *self._also_needed)):
            return
        self._consumer.subscribe(list(self._topics), on_assign=self._on_assign, on_revoke=self._on_revoke)
        self._is_subscribed = True

    def _on_assign(self, _consumer: Consumer, partitions: list[Any]) -> None:
        self._is_member = True
        log.info("partitions assigned", n_partitions=len(partitions))

    def _on_revoke(self, _consumer: Consumer, _partitions: list[Any]) -> None:
        self._is_member = False


def _record(message: Message) -> Record | None:
    error = message.error()
    if error is None:
        partition = Partition(message.topic() or "", message.partition() or 0)
        return Record(partition, message.offset() or 0, message.timestamp()[1], message.value())
    if error.fatal():
        raise KafkaException(error)
    log.warning("kafka", error=error.str(), topic=message.topic(), partition=message.partition())
    return None
