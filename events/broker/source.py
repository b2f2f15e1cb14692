"""Reading from Kafka as a member of a consumer group whose offsets are kept elsewhere."""

from collections.abc import Sequence

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from events.broker.base import BEGINNING, Partition, Record
from events.broker.config import consumer_config
from events.broker.topic_ids import TopicIds
from events.broker.topics import are_there
from sdr.exceptions import Unavailable

log = structlog.get_logger(__name__)
_TIMEOUT_SECONDS = 2.0


class KafkaSource:
    """See :class:`events.broker.base.Source`. It reads ``topics``, once they and ``also_needed`` are there."""

    def __init__(self, group: str, topics: Sequence[str], *, also_needed: Sequence[str] = ()) -> None:
        self._consumer = Consumer(consumer_config(group))
        self._topics, self._also_needed = topics, also_needed
        self._is_subscribed = self._is_fetching = False
        self._ids = TopicIds(topics)
        self._assigned: frozenset[Partition] = frozenset()
        self._next: dict[Partition, int] = {}
        self._generation = 0

    def read(self, max_records: int, timeout_seconds: float) -> list[Record]:
        if not self._is_subscribed:
            self._subscribe()
        if self._ids.have_changed():
            self._start_anew("a topic was created anew")
            return []
        # poll() returns with the first message, consume() only with the last: so wait with one, take with the other.
        first = self._consumer.poll(timeout_seconds)
        if first is None:
            return []
        messages = [first, *self._consumer.consume(max_records - 1, timeout=0)]
        records = [record for message in messages if (record := self._record(message)) is not None]
        # Afterwards, when it is known how far each partition was read: an error may have all of them fetched anew.
        for message in messages:
            if (error := message.error()) is not None and _partition(message) in self._assigned:
                self._on_error(_partition(message), error)
        return records

    @property
    def generation(self) -> int:
        return self._generation

    def assigned(self) -> frozenset[Partition]:
        return self._assigned

    def positions(self) -> dict[Partition, int]:
        return {partition: offset for partition, offset in self._next.items() if offset != BEGINNING}

    def log_of(self, partition: Partition) -> str:
        return f"{partition.topic}@{self._ids.of(partition.topic)}/{partition.number}"

    def seek(self, offsets: dict[Partition, int]) -> None:
        self._next |= offsets
        self._fetch()

    def starts(self) -> dict[Partition, int]:
        try:
            return {partition: self._ends(partition)[0] for partition in self._assigned}
        except KafkaException as error:
            raise Unavailable(f"Kafka does not tell where the logs begin: {error}") from error

    def pause(self) -> None:
        # Without librdkafka's own pause(): partitions that are paused between two assignments are now and then never
        # fetched again. Members whose list is empty keep their partitions in the group.
        self._consumer.assign([])
        self._is_fetching = False

    def resume(self) -> None:
        if not self._is_fetching:
            self._fetch()

    def lag(self) -> dict[Partition, int]:
        lags = {}
        for partition in self._assigned:
            _, high = self._consumer.get_watermark_offsets(TopicPartition(*partition), cached=True)
            if high >= 0 and self._next.get(partition, BEGINNING) >= 0:
                lags[partition] = max(high - self._next[partition], 0)
        return lags

    def close(self) -> None:
        self._consumer.close()
        self._ids.close()

    def _record(self, message: Message) -> Record | None:
        partition = _partition(message)
        if message.error() is not None or partition not in self._assigned:
            return None
        offset = message.offset() or 0
        self._next[partition] = offset + 1
        return Record(partition, offset, message.timestamp()[1], message.value())

    def _on_error(self, partition: Partition, error: KafkaError) -> None:
        if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001  the library's public codes begin so
            self._leave_gap(partition)
        elif error.fatal():
            raise KafkaException(error)
        else:
            log.warning("kafka", error=error.str(), topic=partition.topic, partition=partition.number)

    def _leave_gap(self, partition: Partition) -> None:
        """Go on where the log ends when it does not have the offset yet, and say so.

        What it no longer has is not left here: whoever reads asks where the logs begin, and fills what is missing.
        """
        try:
            if self._ids.update():
                self._start_anew("a topic was created anew")
                return
            low, high = self._ends(partition)
        except (KafkaException, Unavailable) as error:
            self._start_anew(f"where the log begins is not to be known: {error}")
            return
        wanted = self._next.get(partition, BEGINNING)
        if BEGINNING < wanted < low:
            self._start_anew("a log begins later than where it was to be read")
        elif wanted <= high:
            # The error is about a position that was left since.
            self.seek({partition: wanted})
        else:
            log.error("offset outside the log", partition=partition, wanted=wanted, low=low, high=high, n_missing=0)
            self.seek({partition: high})

    def _ends(self, partition: Partition) -> tuple[int, int]:
        return self._consumer.get_watermark_offsets(TopicPartition(*partition), timeout=_TIMEOUT_SECONDS)

    def _start_anew(self, reason: str) -> None:
        """Let whoever reads find out again where to begin, as after a change of the assignment."""
        log.warning("positions are found anew", reason=reason)
        self._next = {}
        self._generation += 1

    def _subscribe(self) -> None:
        if not are_there((*self._topics, *self._also_needed)):
            return
        self._consumer.subscribe(list(self._topics), on_assign=self._on_assign, on_revoke=self._on_revoke)
        self._is_subscribed = True

    def _on_assign(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._ids.forget()
        self._assigned = frozenset(Partition(p.topic, p.partition) for p in partitions)
        self._next = {}
        self._generation += 1
        self.pause()  # whoever reads decides where to begin
        log.info("partitions assigned", n_partitions=len(self._assigned))

    def _on_revoke(self, _consumer: Consumer, _partitions: list[TopicPartition]) -> None:
        self._assigned = frozenset()
        self._next = {}
        self._generation += 1
        self._consumer.unassign()

    def _fetch(self) -> None:
        """Assign anew with explicit offsets: unlike a seek, it drops what was fetched and is never too early."""
        self._is_fetching = True
        self._consumer.assign([TopicPartition(*partition, self._offset_of(partition)) for partition in self._assigned])

    def _offset_of(self, partition: Partition) -> int:
        offset = self._next.get(partition, BEGINNING)
        return OFFSET_BEGINNING if offset == BEGINNING else offset


def _partition(message: Message) -> Partition:
    return Partition(message.topic() or "", message.partition() or 0)
