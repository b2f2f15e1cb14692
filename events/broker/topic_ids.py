"""Kafka's ids of the topics, by which a topic that was created anew is known to be another log.

librdkafka goes on reading a topic that was deleted and created again, at the old offset and without a word. So whoever
reads asks for the ids now and then.
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from django.conf import settings

from events.broker.config import common_config
from sdr.exceptions import Unavailable

_TIMEOUT_SECONDS = 2.0
_ASK_EVERY_SECONDS = 2.0

Answers = Mapping[str, Future[Any]]


class TopicIds:
    """The ids of ``topics``, as they were last heard. Not for use by several threads."""

    def __init__(self, topics: Sequence[str]) -> None:
        self._topics = topics
        self._known: dict[str, str] = {}
        self._admin: AdminClient | None = None
        self._awaited: Answers | None = None
        self._ask_at = float("-inf")

    def of(self, topic: str) -> str:
        """Return the topic's id. Raises Unavailable where it was never heard and Kafka does not tell it now."""
        if topic not in self._known:
            self.update()
        if topic not in self._known:
            raise Unavailable(f"Kafka: there is no topic {topic}.")
        return self._known[topic]

    def forget(self) -> None:
        """Ask Kafka before the next answer."""
        self._known = {}

    def update(self) -> bool:
        """Ask, and wait for the answer; return whether a topic is another than before. Raises Unavailable."""
        return self._take(self._heard(self._ask()))

    def have_changed(self) -> bool:
        """Ask now and then, never waiting; return whether by what has come in a topic is another than before."""
        if settings.KAFKA_INCARNATION is not None:
            return False
        if self._awaited is None and time.monotonic() >= self._ask_at:
            self._ask_at = time.monotonic() + _ASK_EVERY_SECONDS
            self._awaited = self._ask()
        if self._awaited is None or not all(answer.done() for answer in self._awaited.values()):
            return False
        awaited, self._awaited = self._awaited, None
        try:
            return self._take(self._heard(awaited))
        except Unavailable:  # asked again soon; while Kafka is away there is nothing to misread
            return False

    def close(self) -> None:
        """Let the connection go."""
        self._admin = self._awaited = None

    def _ask(self) -> Answers:
        if settings.KAFKA_INCARNATION is not None:
            return {}
        self._admin = self._admin or AdminClient(common_config())
        return self._admin.describe_topics(TopicCollection(list(self._topics)), request_timeout=_TIMEOUT_SECONDS)

    def _heard(self, answers: Answers) -> dict[str, str]:
        if settings.KAFKA_INCARNATION is not None:
            return dict.fromkeys(self._topics, settings.KAFKA_INCARNATION)
        ids = {topic: _topic_id(answer) for topic, answer in answers.items()}
        return {topic: found for topic, found in ids.items() if found is not None}

    def _take(self, heard: dict[str, str]) -> bool:
        before = self._known
        self._known = before | heard
        return any(before.get(topic, found) != found for topic, found in heard.items())


def _topic_id(answer: Future[Any]) -> str | None:
    """Return the id, as Kafka's own tools write it (without slashes), None for a topic that does not exist."""
    try:
        return str(answer.result(_TIMEOUT_SECONDS).topic_id).replace("/", "_").replace("+", "-")
    except (KafkaException, TimeoutError) as error:
        if isinstance(error, KafkaException) and error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            return None
        raise Unavailable(f"Kafka does not tell the topics' ids: {error}") from error
