"""What answers need to know of a shopper: read in one round trip, in time or not at all."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack
import msgspec
import redis

from events.kinds import Kind
from events.live import keys, parameters
from events.live.sequences import lists
from events.live.sequences.kinds import Following
from sdr.accounts.preferences import Preferences
from sdr.exceptions import Unavailable
from sdr.quick_redis import Script, in_one, quick_redis

_SHOPPER = Script((Path(__file__).parent / "shopper.lua").read_text())
_SHOPPER_AND_LISTS = in_one(_SHOPPER, lists.LISTS)
_preferences = msgspec.json.Decoder(Preferences)

# Newer than a dislike, these take it back, and so does a rating of at least so many stars.
_LIFTING = frozenset({Kind.ADD_TO_CART, Kind.PURCHASE, Kind.WISHLIST})
_LIKED_STARS = 3.0


@dataclass(frozen=True, slots=True)
class ShopperState:
    """What is known of a shopper, user and session joined.

    ``recent``: product ids, newest first, at most 50. ``preferences``: None where the user has none, or there is only
    a session.

    A product is disliked until the shopper puts it into the cart or on the wishlist, buys it, or rates it with three
    stars or more: the newest mark holds, and of two at the same instant the dislike. Seeing it again changes nothing.
    What was purchased stays so.
    """

    recent: list[int]
    purchased: frozenset[int]
    disliked: frozenset[int]
    preferences: Preferences | None


NOTHING_KNOWN = ShopperState([], frozenset(), frozenset(), None)


def read_shopper(
    tenant: str, user_id: str | None, session_id: str | None, *, timeout_seconds: float = 0.02
) -> ShopperState:
    """Return what is known of the user in this session; nothing of a stranger.

    Raises Unavailable, at the latest after ``timeout_seconds``; and for a moment after that at once.
    """
    shoppers = shopper_names(user_id, session_id)
    if not shoppers:
        return NOTHING_KNOWN
    try:
        packed = quick_redis().run(_SHOPPER, *_asking(tenant, shoppers), timeout_seconds=timeout_seconds)
    except redis.RedisError as error:
        raise Unavailable(f"Redis: {error}") from error
    return join(*unpack(packed))


def read_shopper_and_lists(
    tenant: str,
    user_id: str | None,
    session_id: str | None,
    wanted: Sequence[tuple[Following, int]],
    *,
    timeout_seconds: float = 0.02,
) -> tuple[ShopperState, dict[tuple[Following, int], lists.FollowingList]]:
    """Return what :func:`read_shopper` and ``lists.read_lists`` would, in one round trip; raises Unavailable likewise.

    There is a user or a session, and a list at least is wanted.
    """
    own_keys, own = _asking(tenant, shopper_names(user_id, session_id))
    list_keys, of_lists = lists.asking(tenant, wanted)
    args = [len(own_keys), len(own), *own, *of_lists]
    try:
        packed, packed_lists = quick_redis().run(
            _SHOPPER_AND_LISTS, [*own_keys, *list_keys], args, timeout_seconds=timeout_seconds
        )
    except redis.RedisError as error:
        raise Unavailable(f"Redis: {error}") from error
    return join(*unpack(packed)), lists.answered(packed_lists, wanted)


def _asking(tenant: str, shoppers: list[str]) -> tuple[list[str], list[Any]]:
    """Return the keys and the arguments of ``_SHOPPER``."""
    prefix = [keys.prefix(tenant), keys.NAMES["recent"], keys.NAMES["marks"], keys.PREFERENCES]
    return [keys.generation(tenant)], [*prefix, *shoppers]


def shopper_names(user_id: str | None, session_id: str | None) -> list[str]:
    """Return under what names the live state keeps them."""
    return [f"u:{user_id}"] * (user_id is not None) + [f"s:{session_id}"] * (session_id is not None)


Times = dict[str, float]


def unpack(packed: bytes) -> tuple[list[Times], list[Times], Preferences | None]:
    """Return recents and marks (member → seconds) of each shopper asked for, and the preferences among them.

    Raises Unavailable for preferences in a shape of another release.
    """
    answer: list[Any] = msgpack.unpackb(packed)
    recents, marks = ([_times(shopper[part]) for shopper in answer] for part in (0, 1))
    copies = [shopper[2] for shopper in answer if shopper[2]]
    try:
        return recents, marks, _preferences.decode(copies[0]) if copies else None
    except msgspec.DecodeError as error:
        raise Unavailable(f"The copy of the preferences in Redis is not readable: {error}") from error


def _times(flat: list[str]) -> Times:
    return {member: parameters.seconds_kept(at) for member, at in zip(flat[::2], flat[1::2], strict=True)}


def join(recents: Iterable[Times], marks: Iterable[Times], preferences: Preferences | None) -> ShopperState:
    """Return as one what is known of one shopper under several names."""
    met, marked = _newest(recents), _newest(marks)
    # As Redis orders them, and as it would if they stood under one name.
    newest_first = sorted(met, key=lambda product: (met[product], product), reverse=True)
    purchases = {product for kind, product, _, _ in _read(marked) if kind == Kind.PURCHASE}
    return ShopperState(
        recent=[int(product) for product in newest_first[: parameters.MAX_RECENT]],
        purchased=frozenset(purchases),
        disliked=_disliked(marked),
        preferences=preferences,
    )


def _newest(times: Iterable[Times]) -> Times:
    joined: Times = {}
    for own in times:
        for member, at in own.items():
            joined[member] = max(at, joined.get(member, at))
    return joined


def _disliked(marked: Times) -> frozenset[int]:
    disliked: dict[int, float] = {}
    lifted: dict[int, float] = {}
    for kind, product, stars, at in _read(marked):
        if kind == Kind.DISLIKE:
            disliked[product] = at
        elif kind in _LIFTING or stars >= _LIKED_STARS:
            lifted[product] = max(at, lifted.get(product, at))
    return frozenset(product for product, at in disliked.items() if at >= lifted.get(product, at))


def _read(marked: Times) -> Iterator[tuple[str, int, float, float]]:
    """Yield kind, product, stars (0 but for ratings) and seconds of each mark, ``<kind>:<product id>[:<stars>]``."""
    for mark, at in marked.items():
        kind, product, *stars = mark.split(":")
        yield kind, int(product), float(stars[0]) if stars else 0.0, at
