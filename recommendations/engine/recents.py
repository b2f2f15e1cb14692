"""What a shopper's recent products say of other products, most of it read from their lists of neighbours."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.candidates import Groups, distinct, most_outside, near_groups
from recommendations.engine.shop import Shop
from recommendations.engine.vectors import cosines_between, cosines_one_by_one


class Step(NamedTuple):
    """One recent product that leads to a candidate: how far back, how alike, and what of that is left."""

    row: int
    position: int
    cosine: float
    worth: float


class Recents:
    """The largest decay^position · cosine with any recent product, by variant group.

    A recent product's cosine with its neighbours stands in its list, and with nobody else is it larger than with the
    last of them. So most groups' largest is known without a look at a text. With itself it is 0: that a product was
    looked at says nothing about looking at it again.
    """

    def __init__(self, shop: Shop, rows: tuple[int, ...]) -> None:
        """``rows``: at least one, newest first, one per variant group."""
        self._similarity, self._rows = shop.similarity, rows
        self._own = shop.catalogue.groups[list(rows)]
        self._left = shop.weights.recency_decay ** np.arange(len(rows))
        lists = [near_groups(shop, row) for row in rows]
        near = np.concatenate([near for near, _ in lists])
        positions = np.arange(len(rows)).repeat([len(near) for near, _ in lists])
        self._groups = distinct(near)
        self._groups_and_none = np.append(self._groups, -1)
        # By recent product and distinct neighbour; behind the last, what is in no list.
        columns = self._groups.searchsorted(near)
        self._is_listed = np.zeros((len(rows), len(self._groups) + 1), dtype=np.bool_)
        self._is_listed[positions, columns] = True
        self._said = np.zeros(self._is_listed.shape)
        self._said[positions, columns] = np.concatenate([cosines for _, cosines in lists])
        # The most that the lists say of each, and the most that those could say in whose lists it is not.
        self._listed = (self._said * self._left[:, None]).max(axis=0)
        outside_of = self._left * [most_outside(cosines) for _, cosines in lists]
        self._outside = np.where(self._is_listed, 0.0, outside_of[:, None]).max(axis=0)

    def bounds(self, groups: Groups) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what each group's largest is at least and at most, same shapes; no text is looked at for it."""
        places = self._places(groups)
        listed = self._listed[places]
        return listed, np.maximum(listed, self._outside[places])

    def largest(self, groups: Groups) -> NDArray[np.float64]:
        """Return each group's largest, same shape."""
        places = self._places(groups)
        largest: NDArray[np.float64] = self._listed[places]
        (unknown,) = (largest < self._outside[places]).nonzero()
        if len(unknown):
            worth = self.cosines(groups[unknown]) * self._left[:, None]
            largest[unknown] = worth.max(axis=0)
        return largest

    def cosines(self, groups: Groups) -> NDArray[np.float64]:
        """Return the cosine of each recent product with each group, shape ``(n_recent, n_groups)``."""
        cosines = cosines_between(self._similarity, self._own.tolist(), groups.astype(np.int32))
        cosines[self._own[:, None] == groups] = 0.0
        places = self._places(groups)
        np.copyto(cosines, self._said[:, places], where=self._is_listed[:, places])
        return cosines

    def strongest(self, group: int) -> int:
        """Return the row of the recent product that makes the group's largest."""
        place = int(self._places(np.array([group]))[0])
        if self._listed[place] >= self._outside[place]:
            return self._rows[(self._said[:, place] * self._left).argmax()]
        return self.steps(group)[0].row

    def steps(self, group: int) -> list[Step]:
        """Return the recent products that lead to ``group``, the strongest first."""
        cosines = cosines_one_by_one(self._similarity, group, self._own.tolist())
        place = self._places(np.array([group])).item()
        for position in self._is_listed[:, place].nonzero()[0].tolist():
            cosines[position] = self._said.item(position, place)
        steps = [
            Step(row, position, cosine, cosine * left)
            for position, (row, cosine, left) in enumerate(zip(self._rows, cosines, self._left.tolist(), strict=True))
            if cosine > 0 and self._own[position] != group
        ]
        return sorted(steps, key=lambda step: (-step.worth, step.position))

    def _places(self, groups: Groups) -> NDArray[np.intp]:
        """Return where each group stands among the distinct neighbours, or behind the last."""
        places = self._groups.searchsorted(groups)
        places[self._groups_and_none[places] != groups] = len(self._groups)
        return places
