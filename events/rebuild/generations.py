"""Generations of the live state: begun, put in force, thrown away."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from events.live import keys
from events.live.redis import redis_errors
from sdr.connections import redis_client
from sdr.exceptions import SdrError

log = structlog.get_logger(__name__)

# A builder that died frees its place after this long; a living one renews it.
_LEASE_SECONDS = 60
_SCAN_COUNT = 1000


class AlreadyRebuilding(SdrError):
    """Another process rebuilds this tenant's live state; wait for it, or a minute if it was killed."""

    code = "already_rebuilding"


@contextmanager
def new_generation(tenant: str) -> Iterator[str]:
    """Give the name of an empty generation; unless it was put in force, it is thrown away in the end."""
    name = f"g{uuid.uuid4().hex[:8]}:"
    with redis_errors():
        if not redis_client().set(keys.rebuilding(tenant), name, nx=True, ex=_LEASE_SECONDS):
            raise AlreadyRebuilding(f"The live state of {tenant} is being rebuilt already.")
    try:
        yield name
    finally:
        with redis_errors():
            sweep(tenant)
            redis_client().delete(keys.rebuilding(tenant))


def renew(tenant: str) -> None:
    """Say that the builder lives."""
    with redis_errors():
        redis_client().expire(keys.rebuilding(tenant), _LEASE_SECONDS)


def put_in_force(tenant: str, name: str) -> None:
    """Switch in one step. The feed goes with the old state, so that every follower takes a snapshot of the new one.

    A consumer whose offsets are ahead of the new state finds out with its next call, and goes back.
    """
    with redis_errors():
        pipe = redis_client().pipeline(transaction=True)
        pipe.set(keys.generation(tenant), name)
        pipe.delete(keys.feed(tenant))
        pipe.publish(keys.wake_up(tenant), "")
        pipe.execute()
    log.info("live state switched", tenant=tenant, generation=name)


def sweep(tenant: str) -> int:
    """Delete what belongs to generations that are not in force; return how many keys that were.

    Keys go a thousand at a time, and their memory is freed in the background: nobody waits for it.
    """
    client = redis_client()
    current: Any = client.get(keys.generation(tenant))
    in_force = current.decode() if current else ""
    own = [keys.generation(tenant), keys.rebuilding(tenant), keys.feed(tenant)]
    n_deleted, doomed = 0, []
    for key in client.scan_iter(match=f"{_escape(keys.prefix(tenant))}*", count=_SCAN_COUNT):
        if key.decode() not in own and _generation_of(key.decode(), tenant) != in_force:
            doomed.append(key)
        if len(doomed) >= _SCAN_COUNT:
            n_deleted += client.unlink(*doomed)
            doomed = []
    return n_deleted + (client.unlink(*doomed) if doomed else 0)


def _generation_of(key: str, tenant: str) -> str:
    rest = key.removeprefix(keys.prefix(tenant))
    is_first = any(rest == name or rest.startswith((name, f"{name}:")) for name in keys.NAMES.values())
    return "" if is_first else rest.partition(":")[0] + ":"


def _escape(text: str) -> str:
    return "".join(f"\\{character}" if character in "*?[]\\" else character for character in text)
