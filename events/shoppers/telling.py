"""Telling Redis and Kafka what a shop decided about a shopper: at once if they are there, else within seconds.

What is decided stands in Postgres, in the transaction that does what Postgres has to do. It leaves when both have been
told, and Redis twice: the second time for what consumers read meanwhile who had not yet heard of it.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction

from events import acts
from events.acts import Act, Erasure
from events.broker.base import Outcome, Outgoing, Publisher
from events.broker.producer import publisher
from events.kinds import TOPICS
from events.live.base import Moved, Rejected
from events.live.redis import RedisLiveState
from events.live.sequences.redis import RedisSequences
from events.models import PendingAct
from sdr import clock
from sdr.accounts.models import Tenant
from sdr.exceptions import Unavailable

log = structlog.get_logger(__name__)

# Longer than consumers go by what they know of tombstones.
SECOND_TIME_AFTER = timedelta(seconds=30)
_AT_ONCE = 500


def note(tenant: Tenant, decided: Iterable[Act], at: datetime) -> list[PendingAct]:
    """Keep what was decided, in the caller's transaction."""
    rows = [PendingAct(tenant=tenant, message=acts.encode(act).decode(), made_at=at) for act in decided]
    return PendingAct.objects.bulk_create(rows)


def tell(rows: Sequence[PendingAct], *, all_of_it: bool = False) -> Moved:
    """Tell both, as far as they are there, and note it in the rows; return what Redis moved or forgot.

    ``all_of_it``: an erasure takes everything there is now, whatever a clock says.
    """
    moved = _tell_redis(rows, all_of_it=all_of_it)
    _tell_kafka([row for row in rows if not row.is_in_kafka])
    PendingAct.objects.bulk_update(rows, ["is_in_redis", "is_in_kafka"])
    return moved


def tell_again() -> None:
    """Tell what could not be told, or is to be told a second time; drop what is done."""
    while True:
        with transaction.atomic():
            waiting = PendingAct.objects.select_for_update(skip_locked=True).order_by("made_at", "id")
            due = clock.now() - SECOND_TIME_AFTER
            rows = list(waiting.filter(is_in_redis=True, is_in_kafka=True, made_at__lte=due)[:_AT_ONCE])
            rows += list(waiting.exclude(is_in_redis=True, is_in_kafka=True)[:_AT_ONCE])
            tell(rows)
            done = [row.pk for row in rows if row.is_in_redis and row.is_in_kafka and row.made_at <= due]
            PendingAct.objects.filter(pk__in=done).delete()
        if not done:
            return


def _do(act: Act, *, all_of_it: bool) -> Moved:
    state = RedisLiveState()
    if isinstance(act, Erasure):
        until = math.inf if all_of_it else act.at.timestamp()
        RedisSequences().forget(act.tenant, act.shopper, until)  # its steps are among what is recent
        return state.forget(act.tenant, act.shopper, until)
    return state.merge(act.tenant, act.session, act.user, act.at.timestamp())


def _tell_redis(rows: Sequence[PendingAct], *, all_of_it: bool) -> Moved:
    n_recent = n_marks = 0
    for row in rows:
        act = _act_of(row)
        try:
            moved = _do(act, all_of_it=all_of_it)
        except (Unavailable, Rejected) as error:
            log.warning("Redis is to be told later", act=row.pk, reason=str(error))
            row.is_in_redis = False
            if isinstance(error, Unavailable):
                break  # not for each of them the time it takes to find out
        else:
            row.is_in_redis = True
            n_recent, n_marks = n_recent + moved.n_recent, n_marks + moved.n_marks
    return Moved(n_recent, n_marks)


def _tell_kafka(rows: Sequence[PendingAct]) -> None:
    try:
        outcomes = _publish(rows, publisher()) if rows else []
    except Unavailable as error:
        log.warning("Kafka is to be told later", n_acts=len(rows), reason=str(error))
        return
    for place, row in enumerate(rows):
        own = outcomes[place * len(TOPICS) : (place + 1) * len(TOPICS)]
        row.is_in_kafka = all(outcome is Outcome.ACCEPTED for outcome in own)


def _publish(rows: Sequence[PendingAct], to: Publisher) -> list[Outcome]:
    # To both topics: in each it follows what the shopper did before.
    messages = [Outgoing(topic, _act_of(row).key, row.message.encode()) for row in rows for topic in TOPICS]
    return to.publish(messages, timeout_seconds=settings.KAFKA_ACK_TIMEOUT_SECONDS)


def _act_of(row: PendingAct) -> Act:
    act = acts.decode(row.message.encode())
    assert act is not None  # noqa: S101  we wrote it
    return act
