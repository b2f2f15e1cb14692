"""The archive over Apache Kafka, where topics have ids and are created before they are used."""

import uuid

import pytest

from events import codec
from events.broker.base import Outgoing
from events.broker.producer import publisher
from events.broker.reading import read_to_end
from events.consumers import archive_pipeline
from events.dead_letters.letter import readable
from events.kinds import DEAD_TOPICS, PRODUCT_CLICKS
from events.models import Interaction
from tests.eventually import eventually
from tests.unit.events.factories import make_event


@pytest.mark.django_db
def test_events_are_archived_and_garbage_is_buried(apache_kafka):
    pipeline = archive_pipeline(f"archive-{uuid.uuid4()}")
    event, garbage = make_event(1, user_id="u-1"), uuid.uuid4().bytes
    messages = [Outgoing(PRODUCT_CLICKS, "u:u-1", value) for value in (codec.encode(event), garbage)]
    publisher().publish(messages, timeout_seconds=20)
    eventually(lambda: pipeline.step() or Interaction.objects.filter(event_id=event.event_id).first())
    pipeline.stop()
    pipeline.run()
    row = Interaction.objects.get(event_id=event.event_id)
    (letter,) = [found for found in readable(read_to_end(DEAD_TOPICS)) if found.value == garbage]
    assert letter.origin.log == f"{PRODUCT_CLICKS}@{row.incarnation}/{row.partition}"
    assert letter.origin.offset == row.offset + 1
