"""What an answer asks Redis for: the shopper, and the lists of where they are and come from, in time or not at all."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings

from events.live.sequences.kinds import Following
from events.live.sequences.parameters import DAY_SECONDS
from events.live.shoppers import NOTHING_KNOWN, ShopperState, read_shopper, read_shopper_and_lists
from recommendations.engine.next_lists import NO_TRAIL, NextList, Origin, Trail
from recommendations.engine.reasons import ReasonCode
from recommendations.engine.sequence import ListWeights
from recommendations.engine.shopper import Shopper
from recommendations.engine.strategies import Strategy, list_weights, user_list_weights
from recommendations.index.holder import Serving
from recommendations.queries import Conditions, ProductQuery, UserQuery
from recommendations.sequences.following import as_next_lists, read
from recommendations.sequences.held import HeldLists, list_at, place_of
from recommendations.shoppers import as_shopper, recent_rows
from sdr.exceptions import Unavailable

SHOPPER_STATE, SEQUENCES = "shopper_state", "sequences"
# For all that one answer asks for, together.
BUDGET_SECONDS = 0.02
# By what a list is a reason for.
KINDS = {
    ReasonCode.ALSO_VIEWED: Following.VIEWED,
    ReasonCode.BOUGHT_TOGETHER: Following.BOUGHT,
    ReasonCode.BOUGHT_AFTER: Following.ENDED,
}


@dataclass(slots=True)
class Known:
    """``state``: as the live state has the shopper; ``shopper``: as the engine does; ``lacking``: what was not told."""

    state: ShopperState
    shopper: Shopper
    lacking: list[str]


def of_shopper(now: Serving, query: Conditions, tenant: str) -> Known:
    """Return what is known of the shopper alone. Who names nobody waits for no server."""
    asked = _Questions(tenant, now.lists)
    state, _ = asked.shopper(query, [])
    return Known(state, as_shopper(now, state), asked.lacking)


def beside(now: Serving, query: ProductQuery, row: int) -> Known:
    """Return what is known of the shopper beside the product in ``row``, and of what others went on to from there.

    Lists that this process holds cost nothing; another comes in the same round trip as the shopper. Only what it then
    takes to know where the shopper was before, and is not held either, takes a second one.
    """
    asked, weights = _Questions(query.tenant, now.lists), list_weights(now.weights, query.strategy)
    places = {row: _places(now, row, weights)}
    state, lists = asked.shopper(query, places[row])
    if weights and state.recent and query.strategy is Strategy.HYBRID:
        before = _one_per_group(now, (row, *recent_rows(now, state)))[1:]
        places |= {row: _places(now, row, weights) for row in before}
        lists |= asked.lists([place for row in before for place in places[row]])
    trail = _trail(places, weights, lists) if weights else NO_TRAIL
    return Known(state, as_shopper(now, state, trail), asked.lacking)


def of_user(now: Serving, query: UserQuery) -> Known:
    """Return what is known of a user, and of what others went on to from where they were."""
    asked, weights = _Questions(query.tenant, now.lists), user_list_weights(now.weights)
    state, _ = asked.shopper(query, [])
    rows = _one_per_group(now, recent_rows(now, state)) if weights and state.recent else []
    places = {row: _places(now, row, weights) for row in rows}
    lists = asked.lists([place for row in rows for place in places[row]]) if rows else {}
    return Known(state, as_shopper(now, state, _trail(places, weights, lists)), asked.lacking)


class _Questions:
    """What one answer asks, within one budget. ``lacking``: what there was no answer to."""

    def __init__(self, tenant: str, held: HeldLists) -> None:
        self._tenant, self._held = tenant, held
        self._until = time.monotonic() + BUDGET_SECONDS
        self.lacking: list[str] = []

    def shopper(self, query: Conditions, places: Sequence[int]) -> tuple[ShopperState, dict[int, NextList]]:
        """Return what is known of the shopper, and the lists at these places as far as they are known."""
        found, missing = self._held.find(places)
        if query.user_id is None and query.session_id is None:
            return NOTHING_KNOWN, found | self._read(missing)
        try:
            if not missing:
                return read_shopper(self._tenant, query.user_id, query.session_id, timeout_seconds=self._left()), found
            with self._held.reading(missing) as reading:
                wanted = [list_at(place) for place in missing]
                state, lists = read_shopper_and_lists(
                    self._tenant, query.user_id, query.session_id, wanted, timeout_seconds=self._left()
                )
                lists_read = as_next_lists(lists)
                self._held.keep(lists_read, reading)
        except Unavailable:
            self._lack(SHOPPER_STATE)
            if missing:
                self._lack(SEQUENCES)
            return NOTHING_KNOWN, found
        return state, found | lists_read

    def lists(self, places: Sequence[int]) -> dict[int, NextList]:
        """Return the lists at these places as far as they are known."""
        found, missing = self._held.find(places)
        return found | self._read(missing)

    def _read(self, missing: Sequence[int]) -> dict[int, NextList]:
        if not missing:
            return {}
        try:
            with self._held.reading(missing) as reading:
                lists = read(self._tenant, missing, self._left())
                self._held.keep(lists, reading)
                return lists
        except Unavailable:
            self._lack(SEQUENCES)
            return {}

    def _left(self) -> float:
        """Return what is left of the budget; raises Unavailable when it is spent, which is no fault of Redis."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise Unavailable("The time for what this answer asks for is over.")
        return left

    def _lack(self, what: str) -> None:
        if what not in self.lacking:
            self.lacking.append(what)


def _one_per_group(now: Serving, rows: Iterable[int]) -> list[int]:
    """Return the first row of each variant group, as many as the profile wants lists of."""
    groups = now.index.catalogue.groups
    firsts: dict[int, int] = {}
    for row in rows:
        firsts.setdefault(groups.item(row), row)
    return list(firsts.values())[: now.weights.n_sequence]


def _places(now: Serving, row: int, weights: ListWeights) -> list[int]:
    """Return where the lists of the product in ``row`` are held, in the order of ``weights``."""
    product_id = now.index.catalogue.vocabulary.product_ids.item(row)
    return [place_of(KINDS[code], product_id) for code in weights]


def _trail(places: Mapping[int, Sequence[int]], weights: ListWeights, lists: Mapping[int, NextList]) -> Trail:
    """Return the lists by where the shopper comes from; ``places``: by row, the newest first."""
    if not any(map(len, lists.values())):
        return NO_TRAIL
    origins = []
    for row, its_places in places.items():
        own = zip(weights, map(lists.get, its_places), strict=True)
        origins.append(Origin(row, {code: found for code, found in own if found}))
    return Trail(tuple(origins), settings.SEQUENCE_HALF_LIFE_DAYS * DAY_SECONDS)
