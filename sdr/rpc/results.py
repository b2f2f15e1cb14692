"""What a long stream is told of its messages: bounded, however long it was."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class BoundedResults(Generic[T]):
    """Counts all results by status, and keeps ``most`` of them: those for which ``matters``.

    ``keeps_all``: of a stream of at most ``most`` messages, the others are kept, too.
    """

    def __init__(self, matters: Callable[[T], bool], *, most: int, keeps_all: bool = False) -> None:
        self._matters, self._most = matters, most
        self._keeps_all = keeps_all
        self.counts: Counter[str] = Counter()
        self.kept: list[T] = []

    @property
    def total(self) -> int:
        return self.counts.total()

    def add(self, results: Iterable[tuple[str, T]]) -> None:
        """Add results with their statuses, in the order of the stream."""
        for status, result in results:
            self.counts[status] += 1
            if self._keeps_all and self.total > self._most:
                self._keeps_all = False
                self.kept = [kept for kept in self.kept if self._matters(kept)]
            if (self._keeps_all or self._matters(result)) and len(self.kept) < self._most:
                self.kept.append(result)
