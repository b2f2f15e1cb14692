"""Read, answer, wait until the answers are in Kafka, and only then move on: every request is answered at least once."""

import threading
from collections.abc import Callable, Sequence

import structlog
from django.conf import settings
from django.db import close_old_connections

from events.broker.base import Outcome, Outgoing, Publisher, Record
from events.broker.committed import CommittingSource
from events.kinds import RECOMMENDATION_REQUESTS, RECOMMENDATION_RESPONSES
from events.tenants import TenantDirectory
from recommendations.answering.answer import answer
from recommendations.answering.messages import Unanswerable
from sdr import metrics
from sdr.exceptions import Unavailable

log = structlog.get_logger(__name__)

# Few: the first of a batch waits for the last.
MAX_RECORDS = 50
POLL_SECONDS = 0.1
RETRY_SECONDS = 0.5


class Answering:
    """One member of the group. ``on_alive`` is called, often, while requests are read and answers acknowledged."""

    def __init__(
        self,
        source: CommittingSource,
        publisher: Callable[[], Publisher],
        tenants: TenantDirectory,
        *,
        on_alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._source, self._publisher, self._tenants, self._on_alive = source, publisher, tenants, on_alive
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Let :meth:`run` return after the batch at hand."""
        self._stopping.set()

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                self.step()
        finally:
            self._source.close()

    def step(self) -> None:
        """Answer what has come."""
        records = self._source.read(MAX_RECORDS, POLL_SECONDS)
        if records:
            close_old_connections()  # as before a request: one that broke is made anew
            if not self._publish([message for record in records if (message := self._answer(record))]):
                return  # told to stop; whoever reads next answers these again
            self._source.commit(records)
        if self._source.is_member:
            self._on_alive()

    def _answer(self, record: Record) -> Outgoing | None:
        try:
            request_id, response = answer(record.value, self._tenants)
        except Unanswerable as error:
            metrics.EVENTS_PROCESSED.labels(topic=RECOMMENDATION_REQUESTS, result="undecodable").inc()
            log.warning("request skipped", partition=record.partition.number, offset=record.offset, reason=str(error))
            return None
        metrics.EVENTS_PROCESSED.labels(topic=RECOMMENDATION_REQUESTS, result="answered").inc()
        return Outgoing(RECOMMENDATION_RESPONSES, request_id, response)

    def _publish(self, messages: Sequence[Outgoing]) -> bool:
        """Send until everything is acknowledged, and return True; False if told to stop before that."""
        while messages:
            messages = self._unacknowledged(messages)
            if messages and self._stopping.wait(RETRY_SECONDS):
                return False
        return True

    def _unacknowledged(self, messages: Sequence[Outgoing]) -> Sequence[Outgoing]:
        try:
            outcomes = self._publisher().publish(messages, timeout_seconds=settings.KAFKA_ACK_TIMEOUT_SECONDS)
        except Unavailable as error:
            log.warning("waiting", reason=str(error))
            return messages
        left = [m for m, outcome in zip(messages, outcomes, strict=True) if outcome is not Outcome.ACCEPTED]
        if left:
            log.warning("answers not acknowledged", n_left=len(left))
        return left
