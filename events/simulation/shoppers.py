"""The endless stream of what shoppers do."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from events.kinds import Kind
from events.simulation.actions import Action
from events.simulation.dice import Dice
from events.simulation.habits import STARS, Habits
from events.simulation.shelf import Shelf

_STAR_SUMS = [total / sum(STARS) for total in accumulate(STARS)]
_GOLDEN = 0.6180339887498949


class Visitor(NamedTuple):
    """Who shops in a session, and the category they look for."""

    user_id: str | None
    session_id: str
    category: int


class Shoppers:
    """Sessions that go on beside each other. Same shelf, habits and seed: same stream.

    Its memory is that of the open sessions: users are numbers, and what they like follows from the number.
    """

    def __init__(self, shelf: Shelf, habits: Habits, *, seed: int) -> None:
        self._shelf, self._habits, self._seed = shelf, habits, seed
        self._dice = Dice(seed)
        self._n_users = self._n_sessions = 0
        self._fashion, self._fashion_left = 0, 0

    def __iter__(self) -> Iterator[Action]:
        """Yield the sessions' actions, mixed as a shop's backend sees them."""
        open_sessions = [self.session() for _ in range(self._habits.at_once)]
        place = 0
        while True:
            if not self._dice.chance(self._habits.next_at_once):
                place = self._dice.below(len(open_sessions))
            action = next(open_sessions[place], None)
            if action is None:
                open_sessions[place] = self.session()
            else:
                yield action

    def session(self) -> Iterator[Action]:
        """Yield what one visitor does, from first to last."""
        self._follow_fashion()
        visitor = self._visitor()
        for _ in range(self._dice.how_many(self._habits.products_met)):
            yield from self._meet(visitor, self._product_for(visitor))

    def _visitor(self) -> Visitor:
        self._n_sessions += 1
        session_id = f"sim-{self._seed}-s{self._n_sessions}"
        if self._dice.chance(self._habits.anonymous):
            return Visitor(None, session_id, self._shelf.category_at(self._dice.roll()))
        number = self._user_number()
        is_loyal = self._dice.chance(self._habits.loyalty)
        # Multiples of the golden ratio fill [0, 1) evenly: a favourite for each user, kept nowhere.
        taste = (number * _GOLDEN) % 1.0 if is_loyal else self._dice.roll()
        return Visitor(f"sim-u{number}", session_id, self._shelf.category_at(taste))

    def _user_number(self) -> int:
        if self._n_users and self._dice.chance(self._habits.returning):
            return 1 + self._dice.below(self._n_users)
        self._n_users += 1
        return self._n_users

    def _product_for(self, visitor: Visitor) -> int:
        if self._fashion_left and self._dice.chance(self._habits.fashion_pull):
            return self._fashion
        stays = self._dice.chance(self._habits.loyalty)
        category = visitor.category if stays else self._shelf.category_at(self._dice.roll())
        return self._shelf.product_at(category, self._dice.roll())

    def _follow_fashion(self) -> None:
        if self._fashion_left:
            self._fashion_left -= 1
        elif self._dice.chance(self._habits.fashion_begins):
            category = self._shelf.category_at(self._dice.roll())
            self._fashion = self._shelf.product_at(category, self._dice.roll())
            self._fashion_left = self._habits.fashion_sessions

    def _meet(self, visitor: Visitor, product_id: int) -> Iterator[Action]:
        """Yield how far the visitor goes with one product."""
        for kind in self._steps():
            stars = self._stars() if kind is Kind.RATING else None
            yield Action(kind, visitor.user_id, visitor.session_id, product_id, value=stars)

    def _steps(self) -> Iterator[Kind]:
        habits, chance = self._habits, self._dice.chance
        yield Kind.VIEW
        if not chance(habits.click):
            return
        yield Kind.CLICK
        if chance(habits.dislike):
            yield Kind.DISLIKE
            return
        if chance(habits.wishlist):
            yield Kind.WISHLIST
        if chance(habits.add_to_cart):
            yield Kind.ADD_TO_CART
            yield from self._at_the_till()

    def _at_the_till(self) -> Iterator[Kind]:
        if self._dice.chance(self._habits.purchase):
            yield Kind.PURCHASE
            if self._dice.chance(self._habits.rating):
                yield Kind.RATING
        elif self._dice.chance(self._habits.remove_from_cart):
            yield Kind.REMOVE_FROM_CART

    def _stars(self) -> float:
        return 1.0 + min(bisect_right(_STAR_SUMS, self._dice.roll()), len(STARS) - 1)
