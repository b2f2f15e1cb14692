"""How every key of the live state is spelled. The braces keep one tenant's keys in one cluster slot."""


def prefix(tenant: str) -> str:
    return f"sdr:{{{tenant}}}:"


def offsets(tenant: str) -> str:
    """Hash: ``topic@incarnation/partition`` → the first offset that is not yet in the state."""
    return prefix(tenant) + "offsets"


def trend_hour(tenant: str) -> str:
    """Sorted set: product id → log-domain score with a half-life of 1 hour."""
    return prefix(tenant) + "trend:hour"


def trend_week(tenant: str) -> str:
    """Sorted set: product id → log-domain score with a half-life of 7 days."""
    return prefix(tenant) + "trend:week"


def clicks(tenant: str) -> str:
    """Hash: product id → how often it was ever clicked."""
    return prefix(tenant) + "clicks"


def seen(tenant: str) -> str:
    """Hash: ``topic/partition`` → its newest bucket of ids. They are sets at ``<key>:<topic/partition>:<bucket>``."""
    return prefix(tenant) + "seen"


def recent(tenant: str, shopper: str) -> str:
    """Sorted set of a shopper: product id → when it was last met, in seconds; the newest 50.

    ``shopper`` is ``u:<user id>`` or ``s:<session id>``; an event that names both is kept under both.
    """
    return f"{prefix(tenant)}recent:{shopper}"


def marks(tenant: str, shopper: str) -> str:
    """Sorted set of a shopper: ``<kind>:<product id>`` (a rating: ``rating:<product id>:<stars>``) → when, last.

    A product is in the cart if it was put there later than it was taken out, and so on: the newest mark holds.
    """
    return f"{prefix(tenant)}marks:{shopper}"


def feed(tenant: str) -> str:
    """Stream: what changed, as packed absolute values."""
    return prefix(tenant) + "feed"


def wake_up(tenant: str) -> str:
    """Channel: published to after every entry of the feed."""
    return prefix(tenant) + "wake"
