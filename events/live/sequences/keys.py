"""How every key of what follows what is spelled. It has generations of its own, beside those of the live state."""

from events.live import keys
from events.live.sequences.kinds import Following

# What the scripts put behind the space and the generation.
NAMES = {"offsets": "offsets", "seen": "seen", "session": "session:"}
# Behind these, the product id.
LISTS = {kind: f"{kind}:" for kind in Following}


def space(tenant: str) -> str:
    """Return what all keys begin with: no rebuild of the live state touches them."""
    return keys.prefix(tenant) + keys.SEQUENCES


def generation(tenant: str) -> str:
    """String: which generation is in force; none is the first, ""."""
    return space(tenant) + "generation"


def rebuilding(tenant: str) -> str:
    """String, expiring: the generation that is being built."""
    return space(tenant) + "rebuilding"


def feed(tenant: str) -> str:
    """Stream: which lists changed, field ``v``: pairs of little-endian int64, kind's number and product id.

    Followers are woken on :func:`events.live.keys.wake_up`.
    """
    return space(tenant) + "feed"


def offsets(tenant: str, in_generation: str = "") -> str:
    """Hash: ``topic@incarnation/partition`` → the first offset that is not yet learned from."""
    return space(tenant) + in_generation + NAMES["offsets"]


def seen(tenant: str, in_generation: str = "") -> str:
    """Hash: ``topic/partition`` → its newest bucket of ids. They are sets at ``<key>:<topic/partition>:<bucket>``."""
    return space(tenant) + in_generation + NAMES["seen"]


def session(tenant: str, shopper: str, in_generation: str = "") -> str:
    """String, expiring: what a session (``s:<session id>``) or a user without one (``u:<user id>``) met, packed.

    In msgpack, flat: milliseconds, product id, kind's number, and so on, in order of time; the newest 50.
    """
    return space(tenant) + in_generation + NAMES["session"] + shopper


def following(tenant: str, kind: Following, product_id: int, in_generation: str = "") -> str:
    """String: what follows a product, packed (see :mod:`events.live.sequences.lists`); at most 50 products."""
    return space(tenant) + in_generation + name_of_list(kind, product_id)


def name_of_list(kind: Following, product_id: int) -> str:
    """Return what stands behind space and generation."""
    return f"{LISTS[kind]}{product_id}"


def of_no_generation(tenant: str, key: str) -> bool:
    """Return whether a rebuild leaves the key as it is."""
    return key in {generation(tenant), rebuilding(tenant), feed(tenant)}
