"""Generations of a state: begun, put in force, thrown away."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from events.live import keys
from events.live.redis import Spelling, redis_errors
from sdr.connections import redis_client
from sdr.exceptions import SdrError

log = structlog.get_logger(__name__)

# A builder that died frees its place after this long; a living one renews it.
_LEASE_SECONDS = 60
_SCAN_COUNT = 1000
# What a generation is called; the first one is "".
_NAME = re.compile(r"g[0-9a-f]{8}:")


# Only the one whose lease it is may renew it, end it, or switch.
_RENEW = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('EXPIRE', KEYS[1], ARGV[2]) or 0"
_END = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"
# An entry that no follower knows, in a feed that begins anew: all take a snapshot, those at its start as well.
_SWITCH = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[3])
redis.call('XADD', KEYS[3], '*', 'v', '')
redis.call('PUBLISH', ARGV[2], '')
return 1
"""


class GenerationLost(SdrError):
    """What was built is gone, or somebody else builds now: Redis was restored, or this builder slept too long."""

    code = "generation_lost"


class AlreadyRebuilding(SdrError):
    """Another process rebuilds this tenant's state; wait for it, or a minute if it was killed."""

    code = "already_rebuilding"


@contextmanager
def new_generation(tenant: str, spelling: Spelling = keys) -> Iterator[str]:
    """Give the name of an empty generation; unless it was put in force, it is thrown away in the end."""
    name = f"g{uuid.uuid4().hex[:8]}:"
    with redis_errors():
        if not redis_client().set(spelling.rebuilding(tenant), name, nx=True, ex=_LEASE_SECONDS):
            raise AlreadyRebuilding(f"This state of {tenant} is being rebuilt already.")
    try:
        yield name
    finally:
        with redis_errors():
            if redis_client().register_script(_END)(keys=[spelling.rebuilding(tenant)], args=[name]):
                sweep(tenant, spelling)


def renew(tenant: str, name: str, spelling: Spelling = keys) -> None:
    """Say that the builder lives; raises GenerationLost if its place was given to another."""
    with redis_errors():
        own = [spelling.rebuilding(tenant)]
        if not redis_client().register_script(_RENEW)(keys=own, args=[name, _LEASE_SECONDS]):
            raise GenerationLost(f"Another process rebuilds this state of {tenant} now.")


def put_in_force(tenant: str, name: str, spelling: Spelling = keys) -> None:
    """Switch in one step. The feed goes with the old state, so that every follower takes a snapshot of the new one.

    A consumer whose offsets are ahead of the new state finds out with its next call, and goes back.
    """
    own = [spelling.rebuilding(tenant), spelling.generation(tenant), spelling.feed(tenant)]
    with redis_errors():
        if not redis_client().register_script(_SWITCH)(keys=own, args=[name, keys.wake_up(tenant)]):
            raise GenerationLost(f"Another process rebuilds this state of {tenant} now.")
    log.info("state switched", tenant=tenant, generation=name)


def sweep(tenant: str, spelling: Spelling = keys) -> int:
    """Delete what belongs to generations that are not in force; return how many keys that were.

    Keys go a thousand at a time, and their memory is freed in the background: nobody waits for it.
    """
    client = redis_client()
    current: Any = client.get(spelling.generation(tenant))
    in_force = current.decode() if current else ""
    in_progress: Any = client.get(spelling.rebuilding(tenant))
    kept = {in_force, in_progress.decode() if in_progress else in_force}
    n_deleted, doomed = 0, []
    space = spelling.space(tenant)
    for key in client.scan_iter(match=f"{_escape(space)}*", count=_SCAN_COUNT):
        if not spelling.of_no_generation(tenant, key.decode()) and _generation_of(key.decode(), space) not in kept:
            doomed.append(key)
        if len(doomed) >= _SCAN_COUNT:
            n_deleted += client.unlink(*doomed)
            doomed = []
    return n_deleted + (client.unlink(*doomed) if doomed else 0)


def _generation_of(key: str, space: str) -> str:
    found = _NAME.match(key.removeprefix(space))
    return found[0] if found else ""


def _escape(text: str) -> str:
    return "".join(f"\\{character}" if character in "*?[]\\" else character for character in text)
