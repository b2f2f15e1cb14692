"""The key table on disk, for a process that starts while Postgres is away: hashes only, for its own account's eyes.

Nothing in it opens a door: a key has 256 random bits, and the file has their SHA-256.
"""

import hashlib
import os
import stat
from pathlib import Path

import msgspec
import structlog
from django.conf import settings
from django.db import connection

from sdr import clock
from sdr.accounts import key_digests
from sdr.accounts.key_digests import Open
from sdr.accounts.selectors import HeldKey

log = structlog.get_logger(__name__)

# Counted from when Postgres last confirmed the table. Who was revoked while no process of this machine ran stays known
# to a process that starts without Postgres and Redis for so long, and not a moment after one of them is back.
MAX_AGE_SECONDS = 24 * 3600.0


class _Copy(msgspec.Struct):
    """``database``: whose keys they are; ``confirmed_at``: when they were last known to be all (seconds, epoch)."""

    database: str
    confirmed_at: float
    keys: list[HeldKey]


def path() -> Path:
    return settings.VAR_DIR / "access" / "keys"


def write(keys: dict[str, HeldKey]) -> None:
    """Replace the copy, and tell other machines which keys are left. Raises OSError."""
    copy = _Copy(_database(), clock.now_seconds(), list(keys.values()))
    key_digests.tell(Open(copy.database, copy.confirmed_at, frozenset(keys)), keep_seconds=MAX_AGE_SECONDS)
    path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # In one step, so that a reader never meets half of it; and never readable for others, not even for a moment.
    draft = path().with_suffix(f".{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.msgpack.encode(copy))
    draft.replace(path())


def read() -> dict[str, HeldKey]:
    """Return the keys of the copy by their hashes; none if there is no copy that may be believed."""
    try:
        with path().open("rb") as file:
            if not _is_private(os.fstat(file.fileno())):
                log.warning("the copy of the keys is not ours alone, and is not used", path=str(path()))
                return {}
            copy = msgspec.msgpack.decode(file.read(), type=_Copy)
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:  # of another version, too
        log.warning("the copy of the keys cannot be read", reason=str(error))
        return {}
    age = clock.now_seconds() - copy.confirmed_at
    if copy.database != _database() or age > MAX_AGE_SECONDS:
        return {}
    keys = {key.digest: key for key in copy.keys}
    later = key_digests.told()
    if later and later.database == copy.database and later.confirmed_at > copy.confirmed_at:
        return {digest: key for digest, key in keys.items() if digest in later.digests}
    return keys


def _is_private(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def _database() -> str:
    place = connection.settings_dict
    return hashlib.sha256(repr([place[name] for name in ("HOST", "PORT", "NAME")]).encode()).hexdigest()
