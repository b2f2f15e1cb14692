"""Each event lies in the partition of its month."""

from datetime import UTC, datetime

import msgspec
import pytest
from django.db import connection

from events.models import Interaction
from tests.integration.events.archiving import archive, make_broker, send
from tests.unit.events.factories import make_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def broker():
    return make_broker()


def partitions():
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text, event_id FROM events_interaction ORDER BY occurred_at, id")
        return [table for table, _ in cursor.fetchall()]


def instant(text):
    at = datetime.fromisoformat(text)
    return msgspec.structs.replace(make_event(1), occurred_at=at, received_at=at)


def test_the_edge_of_a_month_is_midnight_utc(broker):
    for text in ("2026-10-31T23:59:59.999999+00:00", "2026-11-01T00:00:00+00:00", "2026-11-01T01:30:00+02:00"):
        send(broker, instant(text))
    archive(broker)
    tables = ["events_interaction_2026_10", "events_interaction_2026_10", "events_interaction_2026_11"]
    assert partitions() == tables


def test_the_session_time_zone_changes_nothing(broker):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TimeZone = 'Pacific/Kiritimati'")
    event = instant("2026-10-31T23:30:00+00:00")
    send(broker, event)
    archive(broker)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TimeZone = 'UTC'")  # as Django reads
    assert partitions() == ["events_interaction_2026_10"]
    assert Interaction.objects.get().occurred_at == event.occurred_at


def test_the_coming_month_is_there_before_it_is_needed(broker, monkeypatch):
    monkeypatch.setattr("sdr.clock.now", lambda: datetime(2026, 12, 31, 12, tzinfo=UTC))
    send(broker, make_event(1))
    archive(broker)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('events_interaction_2027_01') IS NOT NULL")
        assert cursor.fetchone() == (True,)


def test_what_is_too_old_or_too_new_for_a_month_of_its_own_lies_in_the_default_partition(broker):
    for text in ("1999-05-01T00:00:00Z", "2077-05-01T00:00:00Z"):
        send(broker, instant(text))
    archive(broker)
    assert partitions() == ["events_interaction_default"] * 2


def test_a_month_takes_what_waited_in_the_default_partition(broker, monkeypatch):
    send(broker, instant("2077-05-01T00:00:00Z"))
    archive(broker)
    monkeypatch.setattr("sdr.clock.now", lambda: datetime(2077, 5, 2, tzinfo=UTC))
    send(broker, instant("2077-05-02T00:00:00Z"))
    send(broker, instant("2077-06-02T00:00:00Z"))
    archive(broker)
    tables = ["events_interaction_2077_05", "events_interaction_2077_05", "events_interaction_2077_06"]
    assert partitions() == tables


def test_the_table_is_what_the_model_says():
    """The migration spells the table by hand, since Django has no words for partitions."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull FROM pg_attribute"
            " WHERE attrelid = 'events_interaction'::regclass AND attnum > 0"
        )
        found = {
            name: (kind.replace("character varying", "varchar"), is_null) for name, kind, is_null in cursor.fetchall()
        }
        constraints = connection.introspection.get_constraints(cursor, "events_interaction")
    fields = Interaction._meta.concrete_fields
    assert found == {field.column: (field.db_type(connection), field.null) for field in fields}
    named = [*Interaction._meta.indexes, *Interaction._meta.constraints]
    assert {entry.name for entry in named} <= constraints.keys()
