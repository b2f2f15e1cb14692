"""Lists of different lengths, end to end in two arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Ragged:
    """List i is ``keys[indptr[i]:indptr[i + 1]]`` with its ``values``. int64, int64, float32."""

    indptr: NDArray[np.int64]
    keys: NDArray[np.int64]
    values: NDArray[np.float32]

    @classmethod
    def of(cls, lists: Sequence[tuple[NDArray[np.int64] | NDArray[np.int32], NDArray[np.float32]]]) -> "Ragged":
        indptr = np.zeros(len(lists) + 1, dtype=np.int64)
        np.cumsum([len(keys) for keys, _ in lists], out=indptr[1:])
        nothing = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))
        keys, values = zip(nothing, *lists, strict=True)
        return cls(indptr, np.concatenate(keys).astype(np.int64), np.concatenate(values).astype(np.float32))

    @classmethod
    def joined(cls, parts: Sequence["Ragged"]) -> "Ragged":
        """Return the lists of all ``parts``, one part after the other."""
        lengths = np.concatenate([np.diff(part.indptr) for part in parts])
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return cls(indptr, np.concatenate([p.keys for p in parts]), np.concatenate([p.values for p in parts]))

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def take(self, lists: NDArray[np.intp]) -> "Ragged":
        """Return some of the lists, in the order that is asked for."""
        starts = self.indptr[lists]
        lengths = self.indptr[lists + 1] - starts
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        places = np.repeat(starts - indptr[:-1], lengths) + np.arange(indptr[-1])
        return Ragged(indptr, self.keys[places], self.values[places])

    def owners(self) -> NDArray[np.intp]:
        """Return the list that each key stands in."""
        return np.repeat(np.arange(len(self)), np.diff(self.indptr))

    def list_at(self, place: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        own = slice(self.indptr[place], self.indptr[place + 1])
        return self.keys[own], self.values[own]
