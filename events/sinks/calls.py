"""Calls to a state that counts each event once: several under way, in order, and repeated unchanged while in doubt."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Generic

import structlog

from events.live.base import NO_OFFSET, Applied, Batch, E, ExactState, Rejected
from sdr.exceptions import Unavailable

log = structlog.get_logger(__name__)


class Calls(Generic[E]):
    """For one consumer: what it believes is stored, and what is under way.

    ``on_applied`` is told what became of each batch, ``on_rejected`` of each event that could not be applied. Methods
    raise Unavailable, after which any may be called again, and WentBack if what is stored is older than believed.
    """

    def __init__(
        self,
        state: ExactState[E],
        on_applied: Callable[[Batch[E], Applied], None],
        on_rejected: Callable[[Batch[E], Rejected], None],
    ) -> None:
        self._state, self._on_applied, self._on_rejected = state, on_applied, on_rejected
        # By tenant and log: what is stored once all that was sent has been applied.
        self._expected: dict[tuple[str, str], int] = {}
        self._sent: deque[Batch[E]] = deque()
        self._is_in_doubt = False

    def read_offsets(self, tenants: Iterable[str], logs: Sequence[str]) -> None:
        """Forget what is under way, done or not: the offsets that are stored will tell."""
        self._drop()
        self._sent.clear()
        self._expected = dict(self._state.offsets(tenants, logs))

    def expected(self, tenant: str, name: str) -> int:
        """Return up to where the log will have been applied for the tenant, NO_OFFSET if it never was."""
        return self._expected.get((tenant, name), NO_OFFSET)

    def send(self, batch: Batch[E]) -> None:
        """Send a batch; what its steps expect is put in here."""
        self.clear_doubt()
        tenant = batch.tenant
        steps = [replace(step, expect=self.expected(tenant, step.log)) for step in batch.steps]
        batch = replace(batch, steps=steps)
        self._expected |= {(tenant, step.log): max(step.next_offset, step.expect) for step in steps}
        self._sent.append(batch)
        try:
            self._state.send(batch)
        except Unavailable:
            self._drop()
            raise

    def clear_doubt(self) -> None:
        """Return once nothing is left of what failed, before anything is done on top of it."""
        if self._is_in_doubt:
            self.wait()

    def wait(self, n_under_way: int = 0) -> None:
        """Return once no more than so many batches are under way."""
        self._send_again()
        while len(self._sent) > n_under_way:
            self._settle_oldest()

    def _send_again(self) -> None:
        """Send again, unchanged, what may or may not have been applied. Offsets see to it that it counts once."""
        if self._is_in_doubt:
            try:
                for batch in self._sent:
                    self._state.send(batch)
            except Unavailable:
                self._drop()
                raise
            self._is_in_doubt = False

    def _settle_oldest(self) -> None:
        batch = self._sent[0]
        try:
            applied = self._state.result()
        except Rejected as error:
            self._drop()  # what was sent behind it expects what was not to be
            self._bisect(batch, error)
        except BaseException:
            self._drop()
            raise
        else:
            self._on_applied(batch, applied)
        self._sent.popleft()
        self._send_again()

    def _drop(self) -> None:
        self._state.drop()
        self._is_in_doubt = True

    def _apply(self, batch: Batch[E]) -> None:
        try:
            self._on_applied(batch, self._state.apply(batch))
        except Rejected as error:
            self._bisect(batch, error)

    def _bisect(self, batch: Batch[E], error: Rejected) -> None:
        """Find the event that cannot be applied, skip it, and apply the others."""
        events = batch.events
        if not events:
            # Not an event's fault: the tenant's own keys are broken. Waiting loses nothing.
            raise Unavailable(f"The state of {batch.tenant} is broken: {error}") from error
        if len(events) == 1:
            log.error("event skipped", tenant=batch.tenant, event_id=events[0].event_id.hex(), error=str(error))
            self._on_rejected(batch, error)
            self._apply(replace(batch, events=[]))
            return
        half = len(events) // 2
        middles = {event.log: event.offset + 1 for event in events[:half]}
        before = [replace(step, next_offset=middles[step.log]) for step in batch.steps if step.log in middles]
        after = [replace(step, expect=max(step.expect, middles.get(step.log, step.expect))) for step in batch.steps]
        self._apply(replace(batch, steps=before, events=events[:half]))
        self._apply(replace(batch, steps=after, events=events[half:]))
