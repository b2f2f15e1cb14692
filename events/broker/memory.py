"""A broker in this process's memory, for tests that use no sockets."""

import zlib
from collections import defaultdict
from collections.abc import Sequence

from events.broker.base import BEGINNING, Outcome, Outgoing, Partition, Record


class MemoryBroker:
    """Topics with ``n_partitions`` each. ``now_ms`` stamps what is published."""

    def __init__(self, n_partitions: int = 2) -> None:
        self.n_partitions = n_partitions
        self.now_ms = 0
        self.incarnation = "first"
        self.logs: dict[Partition, list[Record]] = defaultdict(list)
        self.starts: dict[Partition, int] = defaultdict(int)

    def publish(self, messages: Sequence[Outgoing], *, timeout_seconds: float = 0) -> list[Outcome]:
        for message in messages:
            by_key = zlib.crc32(message.key.encode()) % self.n_partitions
            partition = Partition(message.topic, by_key if message.partition is None else message.partition)
            self.append(partition, message.value, message.headers)
        return [Outcome.ACCEPTED] * len(messages)

    def enqueue(self, messages: Sequence[Outgoing]) -> list[Outcome]:
        return self.publish(messages)

    def append(self, partition: Partition, value: bytes, headers: tuple[tuple[str, bytes], ...] = ()) -> None:
        log = self.logs[partition]
        log.append(Record(partition, len(log), self.now_ms, value, headers))

    def trim(self, partition: Partition, start: int) -> None:
        """Forget what lies before ``start``, as retention does."""
        self.starts[partition] = start

    def recreate(self, incarnation: str) -> None:
        """Delete every topic and create it anew."""
        self.logs.clear()
        self.starts.clear()
        self.incarnation = incarnation


class MemorySource:
    """A member of a group whose assignment the test sets."""

    def __init__(self, broker: MemoryBroker, topics: Sequence[str]) -> None:
        self._broker = broker
        self._assigned = frozenset(Partition(topic, n) for topic in topics for n in range(broker.n_partitions))
        self._positions = dict.fromkeys(self._assigned, 0)
        self._is_paused = False
        self.generation = 1

    def assign(self, partitions: frozenset[Partition]) -> None:
        self._assigned = partitions
        self._positions = dict.fromkeys(partitions, 0)
        self.generation += 1

    def read(self, max_records: int, timeout_seconds: float) -> list[Record]:
        records: list[Record] = []
        for partition in sorted(self._assigned) if not self._is_paused else []:
            room = max_records - len(records)
            self._positions[partition] = max(self._positions[partition], self._broker.starts[partition])
            taken = self._broker.logs[partition][self._positions[partition] :][:room]
            self._positions[partition] += len(taken)
            records += taken
        return records

    def assigned(self) -> frozenset[Partition]:
        return self._assigned

    def positions(self) -> dict[Partition, int]:
        return dict(self._positions)

    def log_of(self, partition: Partition) -> str:
        return f"{partition.topic}@{self._broker.incarnation}/{partition.number}"

    def seek(self, offsets: dict[Partition, int]) -> None:
        for partition, offset in offsets.items():
            self._positions[partition] = 0 if offset == BEGINNING else offset

    def starts(self) -> dict[Partition, int]:
        return {partition: self._broker.starts[partition] for partition in self._assigned}

    def pause(self) -> None:
        self._is_paused = True

    def resume(self) -> None:
        self._is_paused = False

    def lag(self) -> dict[Partition, int]:
        return {p: len(self._broker.logs[p]) - self._positions[p] for p in self._assigned}

    def close(self) -> None:
        self._assigned = frozenset()
