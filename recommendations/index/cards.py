"""Product cards: each product's JSON, ready to send, and the way from a SKU to its row."""

import hashlib
import mmap
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

# About a kilobyte each.
MAX_HELD = 4_096


def sku_hash(sku: str) -> int:
    """Return 64 bits that find a SKU in a sorted array; the card tells whether it is the one."""
    return int.from_bytes(hashlib.blake2b(sku.encode(), digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True)
class Cards:
    """``starts`` and ``ends``, int64, shape ``(n_products,)``: where each row's card lies in the blobs laid end to end.

    ``offsets``: where each blob begins. One blob is the artifact's; each segment of an overlay brings another.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    blobs: tuple[mmap.mmap | bytes, ...]
    offsets: tuple[int, ...] = (0,)
    # What was cut out last: the same object again, which knows its own hash.
    _held: dict[int, bytes] = field(default_factory=dict, init=False, repr=False, compare=False)

    def of(self, row: int) -> bytes:
        """Return the card of the product in ``row``."""
        card = self._held.get(row)
        if card is None:
            if len(self._held) >= MAX_HELD:
                self._held.clear()
            card = self._held[row] = self._cut(row)
        return card

    def _cut(self, row: int) -> bytes:
        start, end = self.starts.item(row), self.ends.item(row)
        place = bisect_right(self.offsets, start) - 1
        offset = self.offsets[place]
        return self.blobs[place][start - offset : end - offset]

    @property
    def size(self) -> int:
        """Bytes of all blobs, where another one would begin."""
        return self.offsets[-1] + len(self.blobs[-1])


@dataclass(frozen=True, slots=True)
class SkuRows:
    """``hashes``: uint64, ascending; ``rows``: int32, the row of each."""

    hashes: NDArray[np.uint64]
    rows: NDArray[np.int32]

    def candidates(self, sku: str) -> Iterator[int]:
        """Yield the rows whose SKU has this one's hash: hardly ever more than one."""
        wanted = sku_hash(sku)
        first, last = np.searchsorted(self.hashes, wanted, "left"), np.searchsorted(self.hashes, wanted, "right")
        yield from self.rows[first:last].tolist()
