"""Which dead letters were sent again."""

from collections.abc import Collection

from django.db import connection

from events.dead_letters.letter import Origin
from events.models import ReplayedDeadLetter

_MARK = """
INSERT INTO events_replayeddeadletter (log, "offset", replayed_at)
SELECT log, "offset", clock_timestamp() FROM unnest(%s::text[], %s::bigint[]) AS origin (log, "offset")
ORDER BY log, "offset"
ON CONFLICT DO NOTHING RETURNING log, "offset"
"""


def done(origins: Collection[Origin]) -> set[Origin]:
    """Return those that were sent again already."""
    logs = {origin.log for origin in origins}
    offsets = {origin.offset for origin in origins}
    marked = ReplayedDeadLetter.objects.filter(log__in=logs, offset__in=offsets).values_list("log", "offset")
    return {Origin(*place) for place in marked} & set(origins)


def claim(origins: Collection[Origin]) -> set[Origin]:
    """Mark them and return those that were not marked yet.

    A second run that means the same ones waits here for the end of the first one's transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [[origin.log for origin in origins], [origin.offset for origin in origins]])
        return {Origin(*place) for place in cursor.fetchall()}


def unmark(origin: Origin) -> None:
    ReplayedDeadLetter.objects.filter(log=origin.log, offset=origin.offset).delete()
