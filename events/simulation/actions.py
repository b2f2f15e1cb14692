"""What a shopper does, as the simulation and the replay both tell it."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from events.kinds import Kind


class Action(NamedTuple):
    """One thing done to one product, which is named by its id or by its SKU; ``value``: the stars of a rating."""

    kind: Kind
    user_id: str | None
    session_id: str | None
    product_id: int | None = None
    sku: str | None = None
    value: float | None = None

    @property
    def shopper(self) -> str:
        return self.user_id or self.session_id or ""


class Due(NamedTuple):
    """An action and its place in the timetable, in seconds after the start."""

    seconds: float
    action: Action


def as_event(action: Action, event_id: UUID, occurred_at: datetime) -> dict[str, Any]:
    """Return the action as a shop's backend sends it; the id and the instant become text with the rest."""
    named = {name: value for name, value in zip(Action._fields, action, strict=True) if value is not None}
    return {"event_id": event_id, **named, "occurred_at": occurred_at}
