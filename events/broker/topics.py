"""The topics SDR needs, created where they are missing."""

from collections.abc import Sequence
from concurrent.futures import Future

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic
from django.conf import settings

from events.broker.base import Partition
from events.broker.config import common_config, consumer_config
from events.broker.topic_ids import TopicIds
from events.kinds import TOPICS
from sdr.exceptions import Unavailable

log = structlog.get_logger(__name__)
# Short, because whoever needs the topics asks again, and looks in between whether it is to stop.
_LIST_SECONDS = 2.0
_CREATE_SECONDS = 10.0
_TIMESTAMPS, _OWN_TIME = "message.timestamp.type", "LogAppendTime"
_NOT_ALLOWED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.POLICY_VIOLATION,
}


def ensure_topics(topics: Sequence[str] = TOPICS) -> None:
    """Create those of the topics that are missing. Raises Unavailable when no broker answers, or none takes them."""
    try:
        _ensure_topics(AdminClient(common_config()), topics)
    except (KafkaException, TimeoutError) as error:
        raise Unavailable(f"Kafka does not answer at {settings.KAFKA_BOOTSTRAP_SERVERS}: {error}") from error


def _ensure_topics(admin: AdminClient, topics: Sequence[str]) -> None:
    if settings.KAFKA_INCARNATION is not None:
        # The embedded broker refuses to create topics, and makes them when they are first asked for.
        for topic in topics:
            admin.list_topics(topic, timeout=_LIST_SECONDS)
        return
    existing = admin.list_topics(timeout=_LIST_SECONDS).topics
    _ensure_own_time(admin, [topic for topic in topics if topic in existing])
    config = {_TIMESTAMPS: _OWN_TIME, "retention.ms": str(settings.KAFKA_RETENTION_MS)}
    missing = [
        NewTopic(topic, settings.KAFKA_PARTITIONS, settings.KAFKA_REPLICATION, config=config)
        for topic in topics
        if topic not in existing
    ]
    for topic, done in admin.create_topics(missing).items() if missing else []:
        _await_created(topic, done)


def _ensure_own_time(admin: AdminClient, topics: Sequence[str]) -> None:
    """Have topics that somebody else made stamp messages with the log's own time, or say that they do not.

    The window of event ids moves with it: a shop's clock that is wrong would let duplicates through.
    """
    asked = [ConfigResource(ConfigResource.Type.TOPIC, topic) for topic in topics]
    for resource, answer in admin.describe_configs(asked).items() if asked else []:
        try:
            if answer.result(_CREATE_SECONDS)[_TIMESTAMPS].value == _OWN_TIME:
                continue
            entry = ConfigEntry(_TIMESTAMPS, _OWN_TIME, incremental_operation=AlterConfigOpType.SET)
            wanted = ConfigResource(ConfigResource.Type.TOPIC, resource.name, incremental_configs=[entry])
            for altered in admin.incremental_alter_configs([wanted]).values():
                altered.result(_CREATE_SECONDS)
            log.warning("topic altered", topic=resource.name, setting=f"{_TIMESTAMPS}={_OWN_TIME}")
        except KafkaException as error:
            if error.args[0].code() not in _NOT_ALLOWED:
                raise
            log.error(
                "the topic may not stamp messages with the log's own time, and this account may not see to it",
                topic=resource.name, setting=f"{_TIMESTAMPS}={_OWN_TIME}", reason=error.args[0].str(),
            )  # fmt: skip


def _await_created(topic: str, done: Future[None]) -> None:
    try:
        done.result(_CREATE_SECONDS)
        log.info("topic created", topic=topic)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another process was quicker
            raise


def are_there(topics: Sequence[str]) -> bool:
    """Create the topics that are missing; return whether they are there now. A reader asks again until they are."""
    try:
        ensure_topics(topics)
    except Unavailable as error:
        log.warning("waiting", reason=str(error))
        return False
    return True


def ends(topics: Sequence[str]) -> dict[Partition, int]:
    """Return the offset that the next message of each partition will have. Raises Unavailable."""
    consumer = Consumer(consumer_config("sdr-ends"))
    try:
        known = {topic: consumer.list_topics(topic, timeout=_LIST_SECONDS).topics[topic] for topic in topics}
        partitions = [Partition(topic, number) for topic, found in known.items() for number in found.partitions]
        return {
            partition: consumer.get_watermark_offsets(TopicPartition(*partition), timeout=_LIST_SECONDS)[1]
            for partition in partitions
        }
    except KafkaException as error:
        raise Unavailable(f"Kafka does not tell where the logs end: {error}") from error
    finally:
        consumer.close()


def incarnations() -> dict[str, str]:
    """Return each topic's id, which a topic that is deleted and created again does not keep. Raises Unavailable."""
    ids = TopicIds(TOPICS)
    return {topic: ids.of(topic) for topic in TOPICS}
