"""The real way of an event: Kafka, the consumers of live state and of sequences, Redis."""

import math
import threading
import time
import uuid
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

from django.db import connection

from events.broker.base import Outcome, Outgoing, Partition
from events.broker.producer import close_publisher, publisher
from events.broker.topics import ends, ensure_topics
from events.codec import encode
from events.consumers import live_state_pipeline, sequence_pipeline
from events.kinds import TOPICS, topic_of
from events.live.redis import RedisLiveState
from events.live.sequences.redis import RedisSequences
from events.messages import Event
from events.pipeline import Pipeline
from sdr.exceptions import Unavailable

_AT_ONCE = 1000
_ACK_SECONDS = 30.0
_POLL_SECONDS = 0.002
# Without a step forward for so long, somebody is dead.
PATIENCE_SECONDS = 60.0


@contextmanager
def running(tenant: str) -> Iterator["Replay"]:
    """Run both consumers, in threads of this process, and yield the way to them; stop them at the end."""
    ensure_topics()
    pipelines = [make(f"evaluation-{uuid.uuid4().hex[:8]}") for make in (live_state_pipeline, sequence_pipeline)]
    threads = [threading.Thread(target=_run, args=[pipeline], name="replay", daemon=True) for pipeline in pipelines]
    for thread in threads:
        thread.start()
    try:
        replay = Replay(tenant, pipelines)
        replay.await_start()
        yield replay
    finally:
        for pipeline in pipelines:
            pipeline.stop()
        for thread in threads:
            thread.join()
        close_publisher()


class Replay:
    """Sends one tenant's events and knows when they have arrived. Nobody else may write to the topics meanwhile."""

    def __init__(self, tenant: str, pipelines: list[Pipeline]) -> None:
        self._tenant, self._pipelines = tenant, pipelines
        self._states = (RedisLiveState(), RedisSequences())
        self._ends = ends(TOPICS)
        self._logs: dict[Partition, str] = {}
        self._n_partitions = Counter(partition.topic for partition in self._ends)

    def await_start(self) -> None:
        self._await(lambda: all(pipeline.is_positioned for pipeline in self._pipelines), lambda: 0)
        self._logs = {Partition(*_parts(log)): log for log in self._pipelines[0].logs()}

    def send(self, events: Iterable[Event]) -> None:
        """Return when Kafka has acknowledged all of them. Raises Unavailable."""
        events = iter(events)
        while chunk := list(islice(events, _AT_ONCE)):
            messages = [self._message(event) for event in chunk]
            if set(publisher().publish(messages, timeout_seconds=_ACK_SECONDS)) != {Outcome.ACCEPTED}:
                raise Unavailable("Kafka did not take all events of the replay.")
            for message in messages:
                self._ends[Partition(message.topic, message.partition or 0)] += 1

    def settle(self) -> None:
        """Wait until both consumers have brought all that was sent into Redis. Raises Unavailable."""
        self._await(lambda: self._n_missing() == 0, self._n_missing)

    def _message(self, event: Event) -> Outgoing:
        # By hand, so that it is known how far each partition has come.
        topic, key = topic_of(event.kind), event.shopper
        return Outgoing(topic, key, encode(event), partition=zlib.crc32(key.encode()) % self._n_partitions[topic])

    def _n_missing(self) -> float:
        """Return how many events are still on their way; Redis may be too busy with them to tell."""
        try:
            return self._n_on_the_way()
        except Unavailable:
            return math.inf

    def _n_on_the_way(self) -> int:
        stored = [state.offsets([self._tenant], self._logs.values()) for state in self._states]
        return sum(
            max(self._ends[partition] - max(each[self._tenant, log], 0), 0)
            for each in stored
            for partition, log in self._logs.items()
        )

    @staticmethod
    def _await(is_done: Callable[[], bool], n_missing: Callable[[], float]) -> None:
        pause, least, since = threading.Event(), None, time.monotonic()
        while not is_done():
            missing = n_missing()
            if least is None or missing < least:
                least, since = missing, time.monotonic()
            if time.monotonic() - since > PATIENCE_SECONDS:
                raise Unavailable(f"The consumers have not moved for {PATIENCE_SECONDS:.0f} s.")
            pause.wait(_POLL_SECONDS)


def _run(pipeline: Pipeline) -> None:
    try:
        pipeline.run()
    finally:
        connection.close()


def _parts(log: str) -> tuple[str, int]:
    """Return topic and number of ``topic@incarnation/partition``."""
    topic, _, rest = log.partition("@")
    return topic, int(rest.rpartition("/")[2])
