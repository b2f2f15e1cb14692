"""What shoppers did, as arrays: each shopper's interactions stand together, oldest first."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Who is silent for longer begins another session.
SILENCE_SECONDS = 30 * 60.0


@dataclass(frozen=True, slots=True)
class Interactions:
    """Aligned arrays of shape ``(n_interactions,)``, by shopper and then by time.

    ``shoppers``: int32 numbers, ascending, of users, or of sessions whose user is not known; ``visits``: of sessions,
    or of users without one; ``rows``: int32, of the catalogue; ``seconds``: since the Unix epoch, all 0 in a log
    without times; ``weights``: what each is worth in the trends; ``purchases``: which of them are purchases.
    """

    shoppers: NDArray[np.int32]
    visits: NDArray[np.int32]
    rows: NDArray[np.int32]
    seconds: NDArray[np.float64]
    weights: NDArray[np.float64]
    purchases: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        shoppers: Any,
        rows: Any,
        seconds: Any = 0.0,
        weights: Any = 1.0,
        purchases: Any = 0,
        visits: Any = None,
    ) -> "Interactions":
        """Return interactions given in any order; those of one shopper and one instant keep theirs."""
        shoppers = np.asarray(shoppers, dtype=np.int32)
        n = len(shoppers)
        return cls(
            shoppers,
            shoppers if visits is None else np.asarray(visits, dtype=np.int32),
            np.asarray(rows, dtype=np.int32),
            np.broadcast_to(np.asarray(seconds, dtype=np.float64), n),
            np.broadcast_to(np.asarray(weights, dtype=np.float64), n),
            np.broadcast_to(np.asarray(purchases, dtype=np.bool_), n),
        ).ordered()

    @classmethod
    def joined(cls, parts: Sequence["Interactions"]) -> "Interactions":
        """Return all of them; of one shopper's at one instant those of the first part come first."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names)).ordered()

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def has_times(self) -> bool:
        return bool(self.seconds.any())

    @property
    def end_seconds(self) -> float:
        """When the last of them happened; 0 in a log without times."""
        return float(self.seconds.max()) if len(self) else 0.0

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "Interactions":
        """Return some of them, in the order they are chosen in."""
        return Interactions(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def ordered(self) -> "Interactions":
        return self.where(np.lexsort((self.seconds, self.shoppers)))

    def begins(self) -> NDArray[np.intp]:
        """Return for each interaction where the first one of its shopper stands."""
        return np.searchsorted(self.shoppers, self.shoppers)

    def by_session(self) -> tuple["Interactions", NDArray[np.intp]]:
        """Return them session by session, and the number of each one's session, ascending.

        A session ends with its id, or after a long silence.
        """
        log = self.where(np.lexsort((self.seconds, self.visits)))
        starts = np.ones(len(log), dtype=np.bool_)
        starts[1:] = np.diff(log.visits) != 0
        starts[1:] |= np.diff(log.seconds) > SILENCE_SECONDS
        return log, np.cumsum(starts) - 1
