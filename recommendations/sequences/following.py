"""Keeping the held lists of one tenant current: what changed is read again, in one batch."""

from collections.abc import Mapping, Sequence

from events.live.sequences.feed import changed_lists
from events.live.sequences.kinds import Following
from events.live.sequences.lists import FollowingList, read_lists
from recommendations.engine.next_lists import NextList
from recommendations.sequences.held import HeldLists, list_at, place_of, places_of

# Lists of one batch; and beyond so many changed at once, the others are read when somebody asks for them.
BATCH_LISTS, MAX_READ_AGAIN = 500, 2_000
# The thread that follows has time, requests have not.
TIMEOUT_SECONDS = 1.0


def follow(tenant: str, held: HeldLists, since: bytes | None) -> bytes:
    """Bring ``held`` up to date with what changed after ``since``; return up to where. Raises Unavailable, Rejected."""
    news = changed_lists(tenant, since)
    if news.is_everything:
        held.let_go()
        return news.position
    places = held.changed(places_of(news.kind_numbers, news.product_ids))
    held.let_go(places[MAX_READ_AGAIN:])
    for start in range(0, min(len(places), MAX_READ_AGAIN), BATCH_LISTS):
        held.replace(read(tenant, places[start : start + BATCH_LISTS], TIMEOUT_SECONDS))
    return news.position


def read(tenant: str, places: Sequence[int], timeout_seconds: float) -> dict[int, NextList]:
    """Return the lists at these places; raises Unavailable, at the latest after ``timeout_seconds``."""
    return as_next_lists(read_lists(tenant, list(map(list_at, places)), timeout_seconds=timeout_seconds))


def as_next_lists(found: Mapping[tuple[Following, int], FollowingList]) -> dict[int, NextList]:
    """Return by place, and for the engine, what was read."""
    return {place_of(*where): NextList(own.product_ids, own.scores, own.counts) for where, own in found.items()}
