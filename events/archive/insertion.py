"""Lines into the archive: COPY into a table aside, then what is new of it in one INSERT."""

import io
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import IntegrityError, connection, transaction

from events.archive.rows import COLUMNS
from events.shoppers import records
from sdr.accounts.models import User

# A caller may repeat an event with the same id and without a time, and gets the time of its second arrival.
# The live state knows ids for as long.
SAME_ID_WITHIN = "10 minutes"

_STAGE = f"CREATE TEMP TABLE staging ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())}) ON COMMIT DROP"
_COPY = f"COPY staging ({', '.join(COLUMNS)}) FROM STDIN"
# In SQL, because Django takes a hundred times as long to make them, and in a shop's first hours every event has one.
# In the order of their ids: two archivers that meet the same shoppers cannot lock each other out.
_INSERT_SHOPPERS = """
INSERT INTO accounts_user (tenant_id, external_id, {columns})
SELECT tenant_id, external_id, {values} FROM (
    SELECT DISTINCT s.tenant_id, s.external_id FROM staging s LEFT JOIN accounts_user u USING (tenant_id, external_id)
    WHERE s.external_id IS NOT NULL AND u.id IS NULL
) new
ORDER BY tenant_id, external_id
ON CONFLICT DO NOTHING
"""
_UNIQUE_VIOLATION = "23505"
_RANDOM_HEX = "replace(gen_random_uuid()::text, '-', '')"
_RANDOM = {"username": f"'shopper-' || {_RANDOM_HEX}", "password": f"'{UNUSABLE_PASSWORD_PREFIX}' || {_RANDOM_HEX}"}
# What happened before an erasure is archived without the name. Hashing every name of a batch is for batches that hold
# something that old.
_IS_ANY_ERASED = """
SELECT EXISTS (
    SELECT FROM accounts_tombstone
    WHERE erased_at >= (SELECT min(LEAST(occurred_at, received_at)) FROM staging)
)
"""
_ERASED = """
UPDATE staging s SET {taken} FROM accounts_tenant t, accounts_tombstone e
WHERE t.id = s.tenant_id AND e.tenant_id = s.tenant_id AND s.{column} IS NOT NULL
AND e.name_hash = sha256(t.tombstone_salt || convert_to('{kind}:' || s.{column}, 'UTF8'))
AND LEAST(s.occurred_at, s.received_at) <= e.erased_at
"""
_ERASED_USERS = _ERASED.format(taken="external_id = NULL, session_id = NULL", column="external_id", kind="u")
_ERASED_SESSIONS = _ERASED.format(taken="session_id = NULL", column="session_id", kind="s")
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
{{on_conflict}} RETURNING topic
)
SELECT topic, count(*) FROM added GROUP BY topic
"""  # noqa: S608  put together from the constants above


def insert(lines: Iterable[str]) -> dict[str, int]:
    """Add what is new among ``lines`` (see :func:`events.archive.rows.copy_line`); return how many that were by topic.

    Shoppers who were never seen get their rows, and those who were erased are left out. Runs within the caller's
    transaction.
    """
    records.lock_for_archiving()
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with connection.wrap_database_errors:  # which Django does for the cursor's standard methods only
            cursor.copy_expert(_COPY, io.BytesIO("".join(lines).encode()))
        cursor.execute(_IS_ANY_ERASED)
        if cursor.fetchone()[0]:
            cursor.execute(_ERASED_USERS)
            cursor.execute(_ERASED_SESSIONS)
        _create_shoppers(cursor)
        n_added = _insert_new(cursor)
        cursor.execute("DROP TABLE staging")
    return n_added


def _create_shoppers(cursor: Any) -> None:
    """Create the shoppers that are new, with what the model says of all columns that are not their own."""
    model, values = User(), {}
    for field in User._meta.concrete_fields:  # noqa: SLF001  documented for everyone
        if not field.primary_key and field.column not in {"tenant_id", "external_id", *_RANDOM}:
            values[str(field.column)] = field.get_db_prep_save(getattr(model, field.attname), connection)
    columns = ", ".join([*_RANDOM, *values])
    expressions = ", ".join([*_RANDOM.values(), *["%s"] * len(values)])
    cursor.execute(_INSERT_SHOPPERS.format(columns=columns, values=expressions), list(values.values()))


def _insert_new(cursor: Any) -> dict[str, int]:
    try:
        # Without ON CONFLICT, which looks into each unique index once more: what is there was left out already.
        with transaction.atomic():
            cursor.execute(_INSERT.format(on_conflict=""))
            return dict(cursor.fetchall())
    except IntegrityError as error:
        if getattr(error.__cause__, "pgcode", None) != _UNIQUE_VIOLATION:
            raise
    # Another archiver has just added the same event from another partition, and has committed by now.
    cursor.execute(_INSERT.format(on_conflict="ON CONFLICT DO NOTHING"))
    return dict(cursor.fetchall())
