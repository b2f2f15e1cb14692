"""The keys, in memory: a request that carries one asks no server, and a revoked one closes within a second.

Every process holds the table of all open keys. One thread looks for news with one small query, and reads the table
again when there are any. While Postgres is away the last table stays, also for processes that start meanwhile, which
take it from a file; only who carries a key that it does not have is told to come again, because nobody can say whether
there is such a key by now.
"""

import threading
import time
from dataclasses import dataclass, field
from hmac import compare_digest

import structlog
from django.db import DatabaseError, InterfaceError

from sdr import clock, metrics, patience
from sdr.accounts import key_copy, selectors
from sdr.accounts.last_use import LastUses
from sdr.accounts.selectors import HeldKey, Revision
from sdr.accounts.services import hash_key
from sdr.background import PerProcess, Repeating
from sdr.connections import renew_postgres
from sdr.exceptions import Unavailable

log = structlog.get_logger(__name__)

# Between two looks for news: a revoked key closes within this and one query. 0: look at every call, as tests do.
REFRESH_SECONDS = 0.4
# After a failure nobody asks again for so long: callers with keys that we do not know would all wait for a time-out.
RETRY_SECONDS = 1.0
# Between two copies of a table that has not changed, which say no more than that it has not.
COPY_SECONDS = 60.0
# What the first request of a process is ready to wait for Postgres, before it believes the copy.
FIRST_READ_SECONDS = 0.25
_UNKNOWN = "API keys cannot be looked up now."


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was read together: the keys by their hashes, and the origins whose pages may use one of them."""

    revision: Revision | None = None
    keys: dict[str, HeldKey] = field(default_factory=dict)
    origins: frozenset[str] = frozenset()


class KeyTable:
    """All open keys. Readers take the snapshot by one attribute read; whoever refreshes replaces it by one write."""

    def __init__(self) -> None:
        # What was known here last, for as long as Postgres is away.
        self.snapshot = _snapshot(None, key_copy.read() if REFRESH_SECONDS else {})
        self._copied, self._copied_at = self.snapshot, float("-inf")
        self.uses = LastUses()
        self._refreshing = patience.Lock()
        self._has_asked = threading.Event()
        self._asked_at = self._failed_at = float("-inf")

    def find(self, key: str) -> HeldKey | None:
        """Return the key, None if there is none or it has expired; raises Unavailable if nobody can tell."""
        digest = hash_key(key)
        if REFRESH_SECONDS and not self._has_asked.is_set():
            patience.about_to_wait()
            self._has_asked.wait(FIRST_READ_SECONDS)
        held = self.snapshot.keys.get(digest)
        if held is None or not REFRESH_SECONDS:
            self.refresh(since=time.monotonic())
            held = self.snapshot.keys.get(digest)
        # The look-up is by hash, which nobody can steer; the comparison spares us having to be right about that.
        if held is None or not compare_digest(held.digest, digest) or held.expires_at <= clock.now_seconds():
            return None
        return held

    def holds(self, authorization: str) -> bool:
        """Return whether the header carries a key that this process knows, open or just expired. Asks nobody."""
        return hash_key(authorization[len("bearer ") :].strip()) in self.snapshot.keys

    def refresh(self, *, since: float) -> None:
        """Have a table that was asked for after ``since`` (monotonic); raises Unavailable.

        Whoever waited for another's query takes its answer: a flood of unknown keys is one query at a time.
        """
        self._refuse_after_failure()
        with self._refreshing.held() as is_ours:
            if not is_ours:
                self._fail(TimeoutError("Somebody else has been asking Postgres for long."))
                raise Unavailable(_UNKNOWN)
            if self._asked_at < since:
                self._refuse_after_failure()
                self._ask()

    def step(self) -> None:
        """Do what the thread does every ``REFRESH_SECONDS``."""
        try:
            self.refresh(since=time.monotonic())
            self._copy_if_due()
            self.uses.write_if_due()
        except (Unavailable, DatabaseError, InterfaceError):
            log.debug("keys not refreshed", exc_info=True)  # counted, and logged once, where it happened

    def _refuse_after_failure(self) -> None:
        if time.monotonic() - self._failed_at < RETRY_SECONDS:
            raise Unavailable(_UNKNOWN)

    def _ask(self) -> None:
        began = time.monotonic()
        try:
            patience.ask(self._read_news)
        except (DatabaseError, InterfaceError) as error:
            self._fail(error)
            raise Unavailable(_UNKNOWN) from error
        finally:
            self._has_asked.set()
        self._asked_at, self._failed_at = began, float("-inf")

    def _read_news(self) -> None:
        renew_postgres()
        revision = selectors.access_revision()
        if revision is None or revision != self.snapshot.revision:
            # The revision was read first: what changes in between is read again the next time.
            self.snapshot = _snapshot(revision, selectors.open_keys(clock.now()))

    def _copy_if_due(self) -> None:
        now, snapshot = time.monotonic(), self.snapshot
        if snapshot is self._copied and now - self._copied_at < COPY_SECONDS:
            return
        self._copied, self._copied_at = snapshot, now
        try:
            key_copy.write(snapshot.keys)
        except OSError as error:
            log.warning("keys are not copied for processes that start without Postgres", reason=str(error))

    def _fail(self, error: Exception) -> None:
        if self._failed_at < 0:
            log.warning("keys cannot be read; those that are known go on", reason=str(error).strip())
        self._failed_at = time.monotonic()
        metrics.KEY_REFRESH_FAILURES.inc()


def _snapshot(revision: Revision | None, keys: dict[str, HeldKey]) -> Snapshot:
    return Snapshot(revision, keys, frozenset[str]().union(*(held.access.allowed_origins for held in keys.values())))


class _Keys:
    """The table of one process and its thread."""

    def __init__(self) -> None:
        self.table = KeyTable()
        self._thread = (
            Repeating(self.table.step, seconds=REFRESH_SECONDS, name="keys", at_once=True) if REFRESH_SECONDS else None
        )

    def end(self) -> None:
        if self._thread:
            self._thread.stop()


_keys = PerProcess(_Keys, _Keys.end)


def table() -> KeyTable:
    """Return this process's table; the first call starts its thread."""
    return _keys.get().table


def stop() -> None:
    """End the thread, and forget the table."""
    _keys.end()
