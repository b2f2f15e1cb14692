"""The topics SDR needs, created where they are missing."""

from collections.abc import Sequence
from concurrent.futures import Future

import structlog
from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, NewTopic
from django.conf import settings

from events.broker.config import common_config
from events.kinds import TOPICS

log = structlog.get_logger(__name__)
_TIMEOUT_SECONDS = 10.0


def ensure_topics(topics: Sequence[str] = TOPICS) -> None:
    """Create those of the topics that are missing. Raises KafkaException when no broker answers."""
    admin = AdminClient(common_config())
    if settings.KAFKA_INCARNATION is not None:
        # The embedded broker refuses to create topics, and makes them when they are first asked for.
        for topic in topics:
            admin.list_topics(topic, timeout=_TIMEOUT_SECONDS)
        return
    existing = admin.list_topics(timeout=_TIMEOUT_SECONDS).topics
    config = {"message.timestamp.type": "LogAppendTime", "retention.ms": str(settings.KAFKA_RETENTION_MS)}
    missing = [
        NewTopic(topic, settings.KAFKA_PARTITIONS, settings.KAFKA_REPLICATION, config=config)
        for topic in topics
        if topic not in existing
    ]
    for topic, done in admin.create_topics(missing).items() if missing else []:
        _await_created(topic, done)


def _await_created(topic: str, done: Future[None]) -> None:
    try:
        done.result(_TIMEOUT_SECONDS)
        log.info("topic created", topic=topic)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another process was quicker
            raise


def incarnations() -> dict[str, str]:
    """Return each topic's id, which a topic that is deleted and created again does not keep."""
    if settings.KAFKA_INCARNATION is not None:
        return dict.fromkeys(TOPICS, settings.KAFKA_INCARNATION)
    described = AdminClient(common_config()).describe_topics(TopicCollection(list(TOPICS)))
    return {topic: str(done.result(_TIMEOUT_SECONDS).topic_id) for topic, done in described.items()}
