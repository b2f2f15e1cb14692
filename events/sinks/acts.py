"""What shops decided about shoppers, done to a state where the log says so."""

from collections.abc import Iterable

import structlog

from events.acts import Act, Erasure
from events.live.base import E, ExactState, Rejected
from events.tombstones import Erased

log = structlog.get_logger(__name__)


def learn(erased: Erased, act: Act) -> None:
    """Remember an erasure before the events that follow it are prepared."""
    if isinstance(act, Erasure):
        erased.add(act)


def perform(decided: Iterable[Act], state: ExactState[E], erased: Erased) -> None:
    """Forget and merge. Both go by times, so that once more does no harm. Raises Unavailable."""
    for act in decided:
        try:
            _perform(act, state, erased)
        except Rejected as error:
            log.error("act skipped", tenant=act.tenant, error=str(error))


def _perform(act: Act, state: ExactState[E], erased: Erased) -> None:
    until = act.at.timestamp()
    if isinstance(act, Erasure):
        state.forget(act.tenant, act.shopper, until)
    elif erased.is_erased(act.tenant, act.user, act.at):
        # The session was the erased shopper's.
        state.forget(act.tenant, act.session, until)
    else:
        state.merge(act.tenant, act.session, act.user, until)
