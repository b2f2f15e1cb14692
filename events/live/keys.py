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
    """Hash: partition → its newest bucket of event ids. The ids are sets at ``<this key>:<partition>:<bucket>``."""
    return prefix(tenant) + "seen"


def feed(tenant: str) -> str:
    """Stream: what changed, as packed absolute values."""
    return prefix(tenant) + "feed"


def wake_up(tenant: str) -> str:
    """Channel: published to after every entry of the feed."""
    return prefix(tenant) + "wake"
