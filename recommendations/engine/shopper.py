"""Whom a list is for, in the engine's words."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.catalogue import CategoryTree
from recommendations.engine.next_lists import NO_TRAIL, Trail


@dataclass(frozen=True, slots=True)
class Shopper:
    """What is known of one shopper.

    ``recent``: rows of the products met lately, newest first. ``preferences``: by category place, how much the shopper
    likes that category and what is below it, in (0, 1]. ``trail``: where they are and come from, with what others went
    on to from there.
    """

    recent: tuple[int, ...] = ()
    preferences: Mapping[int, float] | None = None
    trail: Trail = NO_TRAIL

    @property
    def is_known(self) -> bool:
        return bool(self.recent or self.preferences)

    def preference_by_category(self, tree: CategoryTree) -> NDArray[np.float64]:
        """Return the preference of every category, shape ``(n_categories,)``: its own, or else its nearest parent's."""
        liked = np.zeros(len(tree.parents))
        for category, preference in sorted((self.preferences or {}).items()):  # preorder: parents come first
            liked[category : tree.ends[category]] = preference
        return liked


STRANGER = Shopper()
