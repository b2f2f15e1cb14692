"""An archiver over a memory broker and the real Postgres."""

import msgspec

from events.broker.base import Partition
from events.broker.memory import MemoryBroker, MemorySource
from events.dead_letters.letter import readable
from events.kinds import DEAD_TOPICS, PRODUCT_CLICKS, TOPICS
from events.models import Interaction
from events.pipeline import Pace, Pipeline
from events.sinks.archive import ArchiveSink
from events.sinks.base import LogRecord
from events.tenants import TenantDirectory
from tests.unit.events.factories import START, make_event, make_record

PACE = Pace(small=50, large=50)


def make_broker():
    broker = MemoryBroker()
    broker.now_ms = int(START * 1000)
    return broker


def make_archiver(broker, publisher=None):
    source = MemorySource(broker, TOPICS)
    return Pipeline(source, ArchiveSink(TenantDirectory(), lambda: publisher or broker), pace=PACE), source


def send(broker, event, *, topic=PRODUCT_CLICKS, partition=0):
    broker.append(Partition(topic, partition), make_record(event).value)


def send_garbage(broker, value, *, partition=0):
    broker.append(Partition(PRODUCT_CLICKS, partition), value)


def work_off(pipeline, source):
    pipeline.step()
    while sum(source.lag().values()):
        pipeline.step()


def archive(broker, publisher=None):
    """Archive all that is there, by an archiver that has just been started."""
    pipeline, source = make_archiver(broker, publisher)
    work_off(pipeline, source)
    return pipeline, source


def dead_letters(broker):
    records = [record for topic in DEAD_TOPICS for n in range(broker.n_partitions) for record in broker.logs[topic, n]]
    return list(readable(records))


def archived_ids():
    return sorted(Interaction.objects.values_list("event_id", flat=True))


def of_user(user_id, session_id="s-1", **fields):
    return msgspec.structs.replace(make_event(1, **fields), user_id=user_id, session_id=session_id)


def entries(broker, log="product_clicks@first/0"):
    """What stands in one partition, as the sink gets it."""
    return [LogRecord(log, record) for record in broker.logs[Partition(PRODUCT_CLICKS, 0)]]
