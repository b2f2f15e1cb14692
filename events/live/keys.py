"""How every key of the live state is spelled. The braces keep one tenant's keys in one cluster slot.

A tenant's state lives in a *generation*, a part of its keys that is "" until the state is rebuilt for the first time.
Which one is in force stands in its own key; scripts read it in the call that uses it.
"""

# What the scripts put behind the prefix and the generation.
NAMES = {
    "offsets": "offsets",
    "hour": "trend:hour",
    "week": "trend:week",
    "clicks": "clicks",
    "seen": "seen",
    "recent": "recent:",
    "marks": "marks:",
}
# Of no generation: they come from Postgres, not from Kafka.
PREFERENCES = "preferences:"
# What follows what has keys and generations of its own: see events.live.sequences.keys.
SEQUENCES = "next:"
# Hash, of no tenant: ``topic/partition`` → when its consumer last spoke, and how many seconds it was behind.
PROGRESS = "sdr:progress"


def prefix(tenant: str) -> str:
    return f"sdr:{{{tenant}}}:"


def space(tenant: str) -> str:
    """Return what all keys begin with, before the generation."""
    return prefix(tenant)


def generation(tenant: str) -> str:
    """String: which generation is in force."""
    return prefix(tenant) + "generation"


def rebuilding(tenant: str) -> str:
    """String, expiring: the generation that is being built, so that there is one at a time."""
    return prefix(tenant) + "rebuilding"


def feed(tenant: str) -> str:
    """Stream: what changed, as packed absolute values."""
    return prefix(tenant) + "feed"


def wake_up(tenant: str) -> str:
    """Channel: published to after every entry of the feed."""
    return prefix(tenant) + "wake"


def offsets(tenant: str, in_generation: str = "") -> str:
    """Hash: ``topic@incarnation/partition`` → the first offset that is not yet in the state."""
    return _own("offsets", tenant, in_generation)


def trend_hour(tenant: str, in_generation: str = "") -> str:
    """Sorted set: product id → log-domain score with a half-life of 1 hour."""
    return _own("hour", tenant, in_generation)


def trend_week(tenant: str, in_generation: str = "") -> str:
    """Sorted set: product id → log-domain score with a half-life of 7 days."""
    return _own("week", tenant, in_generation)


def clicks(tenant: str, in_generation: str = "") -> str:
    """Hash: product id → how often it was ever clicked."""
    return _own("clicks", tenant, in_generation)


def seen(tenant: str, in_generation: str = "") -> str:
    """Hash: ``topic/partition`` → its newest bucket of ids. They are sets at ``<key>:<topic/partition>:<bucket>``."""
    return _own("seen", tenant, in_generation)


def recent(tenant: str, shopper: str, in_generation: str = "") -> str:
    """Sorted set of a shopper: product id → when it was last met, in whole milliseconds; the newest 50.

    ``shopper`` is ``u:<user id>`` or ``s:<session id>``; an event that names both is kept under both.
    """
    return _own("recent", tenant, in_generation) + shopper


def marks(tenant: str, shopper: str, in_generation: str = "") -> str:
    """Sorted set of a shopper: ``<kind>:<product id>`` → when last, in whole milliseconds.

    A rating's member is ``rating:<product id>:<stars>``. A product is in the cart if it was put there later than it was
    taken out, and so on: the newest mark holds.
    """
    return _own("marks", tenant, in_generation) + shopper


def preferences(tenant: str, shopper: str) -> str:
    """String of a user (``u:<user id>``): a copy of the preferences in JSON; missing where there are none."""
    return prefix(tenant) + PREFERENCES + shopper


def preferences_mark(tenant: str) -> str:
    """String: changes with every write of copies, and says whether Redis has them all."""
    return prefix(tenant) + "preferences-mark"


def of_no_generation(tenant: str, key: str) -> bool:
    """Return whether a rebuild has nothing to do with the key."""
    own = (generation(tenant), rebuilding(tenant), feed(tenant), preferences_mark(tenant))
    return key in own or key.startswith((prefix(tenant) + PREFERENCES, prefix(tenant) + SEQUENCES))


def _own(name: str, tenant: str, in_generation: str) -> str:
    return prefix(tenant) + in_generation + NAMES[name]
