"""When keys were last used: noted in memory by requests, written in batches by a thread."""

import time

from django.db import connection

from sdr import clock

# Between two writes. What a process noted after its last one is lost with it: half a minute of somebody's curiosity.
WRITE_SECONDS = 30.0

# A row that another process is writing is left to it: its time is as good, and nobody waits in a circle.
_WRITE = """
UPDATE accounts_apikey SET last_used_at = greatest(last_used_at, to_timestamp(used.at))
FROM unnest(%s::bigint[], %s::float8[]) AS used (id, at)
WHERE accounts_apikey.id = used.id AND used.id IN (
    SELECT id FROM accounts_apikey WHERE id = ANY(%s) FOR UPDATE SKIP LOCKED
)
"""


class LastUses:
    """What this process noted since its last write."""

    def __init__(self) -> None:
        self._at: dict[int, float] = {}
        self._written_at = time.monotonic()

    def note(self, key_id: int) -> None:
        self._at[key_id] = clock.now_seconds()

    def write_if_due(self) -> None:
        if self._at and time.monotonic() - self._written_at >= WRITE_SECONDS:
            self.write()

    def write(self) -> None:
        """Write what was noted; what is noted meanwhile comes with the next write. Raises DatabaseError."""
        self._written_at = time.monotonic()
        noted, self._at = self._at, {}
        ids = sorted(noted)
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, [ids, [noted[key_id] for key_id in ids], ids])
