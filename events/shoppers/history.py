"""What a user did, from the archive."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from events.kinds import Kind
from events.models import Interaction
from sdr.accounts.models import User

FIELDS = (
    "event_id", "kind", "product_id", "sku", "session_id", "value", "occurred_at", "received_at", "recommendation_id",
    "position",
)  # fmt: skip


def history_of(
    tenant_id: int,
    external_id: str,
    *,
    kinds: Collection[Kind] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Interaction]:
    """Return the user's interactions, newest first: of these kinds (none: all), from ``since`` to before ``until``."""
    # The id first: a condition across tables would keep Postgres from the index of each month.
    user = User.objects.filter(tenant=tenant_id, external_id=external_id).first()
    history: QuerySet[Interaction] = user.behavior_history if user else Interaction.objects.none()
    if kinds:
        history = history.filter(kind__in=kinds)
    if since:
        history = history.filter(occurred_at__gte=since)
    if until:
        history = history.filter(occurred_at__lt=until)
    return history


def entry(interaction: Interaction) -> dict[str, Any]:
    """Return the interaction as the API writes it; instants in UTC."""
    fields = {name: getattr(interaction, name) for name in FIELDS}
    return {name: _plain(value) for name, value in fields.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value if isinstance(value, int | float | str) else str(value)
