"""What a version is called."""

import uuid
from datetime import UTC, datetime

from sdr import clock

_NAME_TIME = "%Y%m%dT%H%M%S"


def new_name() -> str:
    """Return a name that tells when, and that no two builds share."""
    return f"{clock.now().strftime(_NAME_TIME)}-{uuid.uuid4().hex[:8]}"


def built_at(name: str) -> datetime:
    """Return the instant that :func:`new_name` has put into a version's name."""
    return datetime.strptime(name.partition("-")[0], _NAME_TIME).replace(tzinfo=UTC)
