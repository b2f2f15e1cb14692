"""A caller's stream, taken as it comes: in small batches while it trickles, in large ones while it pours."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import grpc

T = TypeVar("T")


def batches(messages: Iterator[T], context: grpc.ServicerContext, *, most: int) -> Iterator[list[T]]:
    """Yield what has come since the last time: 1 to ``most`` messages. Ends with the stream; raises what broke it off.

    While a batch is worked on, ``most`` messages are read ahead and no more: a caller who sends faster has to wait.
    What was read ahead for a caller who has left is dropped.
    """
    inflow = Inflow(messages, most)
    context.add_callback(inflow.close)
    try:
        yield from inflow.batches()
    finally:
        inflow.close()


class Inflow(Generic[T]):
    """Reads ahead in a thread of its own: reading blocks, and what has come must not wait for what has not."""

    def __init__(self, messages: Iterator[T], most: int) -> None:
        self._messages, self._most = messages, most
        self._waiting: deque[T] = deque()
        self._changed = threading.Condition()
        self._is_at_end = self._is_closed = False
        self._broken_by: BaseException | None = None
        threading.Thread(target=self._read, name="grpc-inflow", daemon=True).start()

    def batches(self) -> Iterator[list[T]]:
        while batch := self._next():
            yield batch
        if self._broken_by:
            raise self._broken_by

    def close(self) -> None:
        """Have nobody wait any more: the caller has left, or nobody wants the rest."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _next(self) -> list[T]:
        with self._changed:
            self._wait_for(lambda: self._waiting or self._is_at_end)
            batch = [] if self._is_closed else list(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
        return batch

    def _read(self) -> None:
        try:
            for message in self._messages:
                if not self._put(message):
                    return
        except Exception as error:  # noqa: BLE001  raised where the batches are read
            self._broken_by = error
        with self._changed:
            self._is_at_end = True
            self._changed.notify_all()

    def _put(self, message: T) -> bool:
        with self._changed:
            self._wait_for(lambda: len(self._waiting) < self._most)
            if self._is_closed:
                return False
            self._waiting.append(message)
            self._changed.notify_all()
        return True

    def _wait_for(self, is_time: Callable[[], object]) -> None:
        self._changed.wait_for(lambda: is_time() or self._is_closed)
