"""The tenant that a single shop never needs to know about."""

from typing import Any

from django.apps.registry import Apps
from django.apps.registry import apps as current_apps
from django.db import connections

_ENSURE = """
WITH made AS (
    INSERT INTO accounts_tenant (id, slug, name, is_active, created_at)
    VALUES (%s, %s, 'Default', true, now()) ON CONFLICT DO NOTHING RETURNING id
)
SELECT setval(pg_get_serial_sequence('accounts_tenant', 'id'), id) FROM made
WHERE id > (SELECT coalesce(max(id), 0) FROM accounts_tenant)
"""


def ensure_default_tenant(*, using: str, apps: Apps = current_apps, **_kwargs: Any) -> None:
    """Make the default tenant where it is missing. Called after each ``migrate`` and ``flush``."""
    if "tenant" not in apps.all_models["accounts"]:  # migrated back to nothing
        return
    from sdr.accounts.models import DEFAULT_TENANT, DEFAULT_TENANT_ID

    with connections[using].cursor() as cursor:
        cursor.execute(_ENSURE, [DEFAULT_TENANT_ID, DEFAULT_TENANT])
