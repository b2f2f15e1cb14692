"""The lists that one process holds of one tenant: those asked for last, empty ones too, kept current by the mirror.

Every list has a place, one number made of its kind and its product: what changed is compared with what is held in C.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from events.live.sequences.kinds import BY_NUMBER, Following
from recommendations.engine.next_lists import NextList

_KIND_BITS = 2


def place_of(kind: Following, product_id: int) -> int:
    return product_id << _KIND_BITS | kind.number


def places_of(kind_numbers: NDArray[np.int64], product_ids: NDArray[np.int64]) -> set[int]:
    return set((product_ids << _KIND_BITS | kind_numbers).tolist())


def list_at(place: int) -> tuple[Following, int]:
    """Return kind and product id of a place."""
    return BY_NUMBER[place & (1 << _KIND_BITS) - 1], place >> _KIND_BITS


@dataclass(slots=True, eq=False)
class Reading:
    """Lists that are being read, and which of them changed meanwhile, so that what was read is perhaps old already."""

    places: frozenset[int]
    changed: set[int] = field(default_factory=set)


class HeldLists:
    """At most ``max_lists``; beyond that those make room that nobody has asked for the longest. Any thread may call."""

    def __init__(self, max_lists: int) -> None:
        self._max = max_lists
        self._lists: OrderedDict[int, NextList] = OrderedDict()
        self._readings: set[Reading] = set()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._lists)

    def find(self, places: Sequence[int]) -> tuple[dict[int, NextList], list[int]]:
        """Return the lists that are held, and the places of the others."""
        found, missing = {}, []
        with self._lock:
            for place in places:
                held = self._lists.get(place)
                if held is None:
                    missing.append(place)
                else:
                    self._lists.move_to_end(place)
                    found[place] = held
        return found, missing

    @contextmanager
    def reading(self, places: Iterable[int]) -> Iterator[Reading]:
        """Give notice that these are about to be read, so that :meth:`keep` can tell what changed meanwhile."""
        reading = Reading(frozenset(places))
        with self._lock:
            self._readings.add(reading)
        try:
            yield reading
        finally:
            with self._lock:
                self._readings.remove(reading)

    def keep(self, lists: Mapping[int, NextList], reading: Reading) -> None:
        """Hold what was read, but for what changed since the reading began: whoever wants that reads it again."""
        with self._lock:
            for place, found in lists.items():
                if place not in reading.changed:
                    self._lists[place] = found
            while len(self._lists) > self._max:
                self._lists.popitem(last=False)

    def changed(self, places: set[int]) -> list[int]:
        """Return which of the places that changed are held: those are to be read again."""
        with self._lock:
            for reading in self._readings:
                reading.changed |= reading.places & places
            return list(self._lists.keys() & places)

    def replace(self, lists: Mapping[int, NextList]) -> None:
        """Exchange lists, as far as they are held yet."""
        with self._lock:
            for place, found in lists.items():
                if place in self._lists:
                    self._lists[place] = found

    def let_go(self, places: Iterable[int] | None = None) -> None:
        """Forget these, or all: the next one who asks reads them."""
        with self._lock:
            if places is None:
                for reading in self._readings:
                    reading.changed |= reading.places
                self._lists.clear()
                return
            for place in places:
                self._lists.pop(place, None)
