"""What the database itself does when a key or a tenant changes, whoever writes: the admin, a command or SQL."""

import pgtrigger

# In the writer's own transaction: a reader who sees the new revision sees the change.
_MOVE_ON = """
    INSERT INTO accounts_accessrevision (id, incarnation, revision) VALUES (1, gen_random_uuid(), 1)
    ON CONFLICT (id) DO UPDATE SET revision = accounts_accessrevision.revision + 1;
    RETURN NULL;
"""


def _move_on(name: str, operation: pgtrigger.Operation) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name, level=pgtrigger.Statement, when=pgtrigger.After, operation=operation, func=_MOVE_ON
    )


# Not last_used_at, which changes all the time and concerns nobody's access.
_OF_A_KEY = (
    "tenant_id",
    "hashed_key",
    "previous_hashed_key",
    "previous_expires_at",
    "scopes",
    "is_public",
    "allowed_origins",
    "rate_limit",
    "expires_at",
    "revoked_at",
)
KEY_TRIGGERS = [
    _move_on("key_changed", pgtrigger.UpdateOf(*_OF_A_KEY)),
    _move_on("key_came_or_went", pgtrigger.Insert | pgtrigger.Delete),
]
TENANT_TRIGGERS = [_move_on("tenant_changed", pgtrigger.UpdateOf("slug", "is_active"))]
