"""What the archive takes, and for what reason it does not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from events import acts, codec
from events.acts import Act, Erasure
from events.archive.errors import one_transaction
from events.live import parameters
from events.messages import Event
from events.tenants import TenantDirectory
from sdr.accounts.models import Tenant

# Instants outside are no clock's, and a driver may be unable to read them back.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(3000, 1, 1, tzinfo=UTC)


class Reason(StrEnum):
    """Why a message is a dead letter."""

    UNDECODABLE = "undecodable"
    UNKNOWN_TENANT = "unknown_tenant"
    FROM_THE_FUTURE = "from_the_future"
    IMPLAUSIBLE_TIME = "implausible_time"
    NUL_CHARACTER = "nul_character"
    REFUSED_BY_POSTGRES = "refused_by_postgres"


@dataclass(frozen=True, slots=True)
class Refusal:
    """``detail`` is for people."""

    reason: Reason
    detail: str


class Accepted(NamedTuple):
    event: Event
    tenant_id: int


class Decided(NamedTuple):
    """No event: what a shop decided about a shopper."""

    act: Act
    tenant_id: int


Verdict = Accepted | Decided | Refusal


def accept(values: Iterable[bytes | None], tenants: TenantDirectory) -> list[Verdict]:
    """Return what is to be thought of each message, in order. Raises Unavailable."""
    judged = [judge(value) for value in values]
    ids = _tenant_ids({event.tenant for event in judged if not isinstance(event, Refusal)}, tenants)
    return [found if isinstance(found, Refusal) else _of_tenant(found, ids) for found in judged]


def judge(value: bytes | None) -> Event | Act | Refusal:
    """Return the event or act in a message, or why it cannot be taken; whether its tenant exists is another question.

    Late events are taken, however late. Skew compares the event with its arrival, never with this machine's clock.
    """
    try:
        event = codec.decode(value)
    except codec.Undecodable as error:
        return _judge_act(value) or Refusal(Reason.UNDECODABLE, str(error))
    if not (EARLIEST <= event.occurred_at < LATEST and EARLIEST <= event.received_at < LATEST):
        return Refusal(Reason.IMPLAUSIBLE_TIME, "It lies before 1970 or after 2999.")
    if (event.occurred_at - event.received_at).total_seconds() > parameters.MAX_SKEW_SECONDS:
        return Refusal(Reason.FROM_THE_FUTURE, "It occurred more than 5 minutes after it was received.")
    # JSON has one way to spell it, and almost no message has it: the texts are looked into only then.
    if value and b"\\u0000" in value and any("\0" in text for text in _texts(event)):
        return Refusal(Reason.NUL_CHARACTER, "Postgres keeps no text with a NUL character.")
    return event


def _judge_act(value: bytes | None) -> Act | Refusal | None:
    act = acts.decode(value)
    if act is None:
        return None
    names = (act.shopper,) if isinstance(act, Erasure) else (act.user_id, act.session_id)
    if "\0" in "".join(names):
        return Refusal(Reason.NUL_CHARACTER, "Postgres keeps no text with a NUL character.")
    if not EARLIEST <= act.at < LATEST:
        return Refusal(Reason.IMPLAUSIBLE_TIME, "It lies before 1970 or after 2999.")
    return act


def _tenant_ids(slugs: set[str], tenants: TenantDirectory) -> dict[str, int]:
    ids = tenants.ids()
    if unknown := slugs - ids.keys():
        # The directory is a few seconds old, and a tenant may be younger.
        with one_transaction():
            found = Tenant.objects.filter(is_active=True, slug__in=unknown)
            return ids | dict(found.values_list("slug", "id"))
    return ids


def _of_tenant(event: Event | Act, ids: dict[str, int]) -> Verdict:
    tenant_id = ids.get(event.tenant)
    if tenant_id is None:
        return Refusal(Reason.UNKNOWN_TENANT, f"There is no active tenant {event.tenant!r}.")
    return Accepted(event, tenant_id) if isinstance(event, Event) else Decided(event, tenant_id)


def _texts(event: Event) -> list[str]:
    texts = (event.tenant, event.user_id, event.session_id, event.sku, event.recommendation_id)
    return [text for text in texts if text is not None]
