"""What one more step of a session teaches. No Redis, no Django: Redis' script, tests and evaluation go by this.

A session is what one shopper met, in order of time. It teaches as it goes: what is met leads back a few steps and, if
it comes late, ahead. Whatever was learned across the place of a late event stays as it was.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from events.kinds import Kind
from events.live.sequences import parameters
from events.live.sequences.kinds import Following

# How packed sessions name a kind.
KIND_NUMBERS = {kind: number for number, kind in enumerate(Kind)}
PURCHASE = KIND_NUMBERS[Kind.PURCHASE]


class Met(NamedTuple):
    """One step: when, in whole milliseconds, what, and how (see ``KIND_NUMBERS``)."""

    at_ms: int
    product_id: int
    kind_number: int


class Pair(NamedTuple):
    """``follower_id`` follows ``product_id``, with this weight."""

    following: Following
    product_id: int
    follower_id: int
    weight: float


def learn(session: list[Met], met: Met, weight: float) -> list[Pair]:
    """Put what was met where it belongs in ``session``, which keeps its newest fifty, and return what it teaches.

    ``weight``: of an event of this kind. Nothing is taught by what was met in the same way before in the session, so
    that a pair counts a few times at most; nor by whoever meets fifty things within five minutes; nor by what is older
    than all that is kept.
    """
    place = bisect_right(session, met.at_ms, key=lambda step: step.at_ms)
    first, end = _bounds(session, place, met.at_ms)
    before, after = session[first:place], session[place:end]
    is_new = not any(step[1:] == met[1:] for step in session[first:end])
    pairs = list(_pairs(before, after, met, weight)) if is_new and not _is_robot(session, met) else []
    session.insert(place, met)
    if len(session) > parameters.MAX_STEPS:
        del session[0]
    return pairs


def _bounds(session: list[Met], place: int, at_ms: int) -> tuple[int, int]:
    """Return from where to where no silence is too long, seen from what is met at ``place``."""
    first, last_ms = place, at_ms
    while first > 0 and last_ms - session[first - 1].at_ms <= parameters.SILENCE_MS:
        first -= 1
        last_ms = session[first].at_ms
    end, last_ms = place, at_ms
    while end < len(session) and session[end].at_ms - last_ms <= parameters.SILENCE_MS:
        last_ms = session[end].at_ms
        end += 1
    return first, end


def _is_robot(session: list[Met], met: Met) -> bool:
    return len(session) >= parameters.MAX_STEPS and session[0].at_ms > met.at_ms - parameters.ROBOT_MS


def _pairs(before: Sequence[Met], after: Sequence[Met], met: Met, weight: float) -> Iterator[Pair]:
    if weight > 0:
        yield from _viewed(before, after, met, weight)
    if met.kind_number == PURCHASE:
        yield from _bought(before, after, met)
        for other in _others((step for step in before if step.kind_number != PURCHASE), {met.product_id}):
            yield Pair(Following.ENDED, other, met.product_id, 1.0)
    else:
        yield from _ended_later(before, after, met)


def _viewed(before: Sequence[Met], after: Sequence[Met], met: Met, weight: float) -> Iterator[Pair]:
    """A product is as far away as there are other products from here to it."""
    own, known = met.product_id, {met.product_id}
    for distance, other in enumerate(islice(_others(reversed(before), known), parameters.MAX_DISTANCE), start=1):
        near = weight * parameters.weight_at(distance)
        yield Pair(Following.VIEWED, other, own, near)
        yield Pair(Following.VIEWED, own, other, near * parameters.BACKWARD)
    for distance, other in enumerate(islice(_others(after, known), parameters.MAX_DISTANCE), start=1):
        near = weight * parameters.weight_at(distance)
        yield Pair(Following.VIEWED, own, other, near)
        yield Pair(Following.VIEWED, other, own, near * parameters.BACKWARD)


def _bought(before: Sequence[Met], after: Sequence[Met], met: Met) -> Iterator[Pair]:
    purchases = (step for step in [*before, *after] if step.kind_number == PURCHASE)
    for other in _others(purchases, {met.product_id}):
        yield Pair(Following.BOUGHT, other, met.product_id, 1.0)
        yield Pair(Following.BOUGHT, met.product_id, other, 1.0)


def _ended_later(before: Sequence[Met], after: Sequence[Met], met: Met) -> Iterator[Pair]:
    """A view may come later than the purchase that followed it, from another topic."""
    own = met.product_id

    def is_look(step: Met) -> bool:
        return step.product_id == own and step.kind_number != PURCHASE

    if any(is_look(step) for step in before):
        return  # whatever was bought later was learned from that
    known = {own}
    for step in after:
        if is_look(step):
            return
        if step.kind_number == PURCHASE and step.product_id not in known:
            known.add(step.product_id)
            yield Pair(Following.ENDED, own, step.product_id, 1.0)


def _others(steps: Iterable[Met], known: set[int]) -> Iterator[int]:
    """Yield each product that is not yet known, and know it from then on."""
    for step in steps:
        if step.product_id not in known:
            known.add(step.product_id)
            yield step.product_id
