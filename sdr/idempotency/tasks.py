"""Answers that nobody will ask for again."""

from typing import Any

from celery import shared_task
from django.db import connection

from sdr.idempotency.attempt import KEPT_FOR

# Beyond so many of one tenant the oldest go before their time: a key's rate limit allows 86 million a day.
MAX_ANSWERS = 1_000_000
_BATCH = 10_000

_EXPIRED = """
DELETE FROM idempotency_storedanswer WHERE id IN (
    SELECT id FROM idempotency_storedanswer WHERE created_at < now() - %s LIMIT %s
)
"""
_TOO_MANY = """
DELETE FROM idempotency_storedanswer WHERE id IN (
    SELECT id FROM (
        SELECT id, row_number() OVER (PARTITION BY tenant_id ORDER BY created_at DESC) AS place
        FROM idempotency_storedanswer
    ) AS ranked WHERE place > %s LIMIT %s
)
"""


@shared_task
def forget_old_answers() -> None:
    """Delete stored answers that have expired, in small transactions. Celery beat calls this every hour."""
    while _delete(_EXPIRED, KEPT_FOR) == _BATCH:
        pass
    while _delete(_TOO_MANY, MAX_ANSWERS) == _BATCH:
        pass


def _delete(statement: str, bound: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, [bound, _BATCH])
        return cursor.rowcount
