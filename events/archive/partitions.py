"""The months of the archive: each has a partition before its first row is written."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from django.db import connection

from events.archive.errors import one_transaction

# A wrong clock must not make a table for every month since 1970: what is older lies in the default partition.
MONTHS_BACK = 60
SECONDS_PER_DAY = 24 * 3600

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('events_interaction partitions'))"
# Attached, not created in place: that would keep every reader of the archive waiting.
_CREATE = """
LOCK TABLE events_interaction_default IN ACCESS EXCLUSIVE MODE;
CREATE TABLE {name} (LIKE events_interaction INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES);
WITH moved AS (
    DELETE FROM events_interaction_default WHERE occurred_at >= '{start}' AND occurred_at < '{end}' RETURNING *
)
INSERT INTO {name} SELECT * FROM moved;
ALTER TABLE events_interaction ATTACH PARTITION {name} FOR VALUES FROM ('{start}') TO ('{end}');
"""


def month_of(at: datetime) -> date:
    """Return the first day of the instant's month, in UTC."""
    return at.astimezone(UTC).date().replace(day=1)


def month_after(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def table_of(month: date) -> str:
    return f"events_interaction_{month:%Y_%m}"


class Months:
    """The months that are known to have a partition."""

    def __init__(self) -> None:
        self._known: set[date] = set()

    def forget(self) -> None:
        """Look again: the database may have been restored."""
        self._known.clear()

    def ensure(self, instants: Iterable[datetime], *, now: datetime) -> None:
        """See to it that these instants' months have partitions, and the month after ``now``, before it is needed."""
        coming = month_after(month_of(now))
        days = {int(at.timestamp()) // SECONDS_PER_DAY for at in instants}  # few, where events are many
        wanted = {coming, *(month_of(datetime.fromtimestamp(day * SECONDS_PER_DAY, UTC)) for day in days)}
        missing = {month for month in wanted if month <= coming and _age_in_months(month, now) <= MONTHS_BACK}
        for month in sorted(missing - self._known):
            _ensure(month)
            self._known.add(month)


def _ensure(month: date) -> None:
    with one_transaction(), connection.cursor() as cursor:
        cursor.execute(_LOCK)  # two archivers may meet the new month at once
        cursor.execute("SELECT to_regclass(%s) IS NULL", [table_of(month)])
        if cursor.fetchone()[0]:
            start, end = (f"{first} 00:00:00+00" for first in (month, month_after(month)))
            cursor.execute(_CREATE.format(name=table_of(month), start=start, end=end))


def _age_in_months(month: date, now: datetime) -> int:
    return (now.year - month.year) * 12 + now.month - month.month
