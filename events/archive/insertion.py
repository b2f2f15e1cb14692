"""Lines into the archive: COPY into a table aside, then what is new of it in one INSERT."""

import io
from collections.abc import Iterable

from django.contrib.auth.hashers import make_password
from django.db import connection

from events.archive.rows import COLUMNS
from sdr.accounts.models import User

# A caller may repeat an event with the same id and without a time, and gets the time of its second arrival.
# The live state knows ids for as long.
SAME_ID_WITHIN = "10 minutes"

_STAGE = f"CREATE TEMP TABLE staging ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())}) ON COMMIT DROP"
_COPY = f"COPY staging ({', '.join(COLUMNS)}) FROM STDIN"
_NEW_SHOPPERS = """
SELECT DISTINCT s.tenant_id, s.external_id FROM staging s LEFT JOIN accounts_user u USING (tenant_id, external_id)
WHERE s.external_id IS NOT NULL AND u.id IS NULL
"""
# In one order everywhere, so that two archivers that meet the same events wait for each other, and never in a circle.
# OFFSET 0 keeps Postgres at one look into the index for each row: as a join, it would now and then be planned as a walk
# through all that was ever archived, since nothing is known of a table that was just made.
_INSERT = f"""
WITH added AS (
INSERT INTO events_interaction (
    tenant_id, event_id, kind, product_id, sku, user_id, session_id, value, occurred_at, received_at,
    recommendation_id, position, topic, incarnation, partition, "offset"
)
SELECT DISTINCT ON (s.tenant_id, s.event_id)
    s.tenant_id, s.event_id, s.kind,
    COALESCE(s.product_id, p.id), s.sku, u.id, s.session_id, s.value, s.occurred_at, s.received_at,
    s.recommendation_id, s.position, s.topic, s.incarnation, s.partition, s."offset"
FROM staging s
LEFT JOIN accounts_user u USING (tenant_id, external_id)
LEFT JOIN catalog_product p ON p.tenant_id = s.tenant_id AND p.sku = s.sku AND s.product_id IS NULL
WHERE NOT EXISTS (
    SELECT FROM events_interaction i
    WHERE i.tenant_id = s.tenant_id AND i.event_id = s.event_id
    AND i.occurred_at >= s.occurred_at - interval '{SAME_ID_WITHIN}'
    AND i.occurred_at <= s.occurred_at + interval '{SAME_ID_WITHIN}' OFFSET 0
)
ORDER BY s.tenant_id, s.event_id, s.topic, s.incarnation, s.partition, s."offset"
ON CONFLICT DO NOTHING RETURNING topic
)
SELECT topic, count(*) FROM added GROUP BY topic
"""  # noqa: S608  put together from the constants above


def insert(lines: Iterable[str]) -> dict[str, int]:
    """Add what is new among ``lines`` (see :func:`events.archive.rows.copy_line`); return how many that were by topic.

    Shoppers who were never seen get their rows. Runs within the caller's transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with connection.wrap_database_errors:  # which Django does for the cursor's standard methods only
            cursor.copy_expert(_COPY, io.BytesIO("".join(lines).encode()))
        cursor.execute(_NEW_SHOPPERS)
        _create_shoppers(sorted(cursor.fetchall()))
        cursor.execute(_INSERT)
        n_added = dict(cursor.fetchall())
        cursor.execute("DROP TABLE staging")
    return n_added


def _create_shoppers(shoppers: list[tuple[int, str]]) -> None:
    """Create them in the order given: sorted, two archivers that meet the same shoppers cannot lock each other out."""
    users = [
        User(tenant_id=tenant_id, external_id=external_id, password=make_password(None))
        for tenant_id, external_id in shoppers
    ]
    User.objects.bulk_create(users, ignore_conflicts=True, batch_size=1000)
