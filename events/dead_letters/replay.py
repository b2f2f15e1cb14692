"""Sending dead letters again: to their topic, as the bytes they were, once each."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

from django.conf import settings
from django.db import transaction

from events.archive.acceptance import Accepted, Decided, Reason, accept
from events.archive.errors import Refused, one_transaction
from events.archive.insertion import insert
from events.archive.rows import copy_line
from events.broker.base import Outcome, Outgoing, Publisher
from events.dead_letters import marks
from events.dead_letters.letter import DeadLetter, Origin
from events.tenants import TenantDirectory

AT_ONCE = 500

Good = tuple[DeadLetter, Accepted | Decided]


class Fate(StrEnum):
    """What became of a dead letter, in words for people."""

    SENT = "sent again"
    ARCHIVED = "archived"
    DONE_BEFORE = "sent before"
    STILL_BAD = "still not acceptable"
    NOT_TAKEN = "not taken"


@dataclass(slots=True)
class Replay:
    """One run. ``fates`` counts by reason and fate; with ``dry_run`` it says what would become of the letters."""

    tenants: TenantDirectory
    publisher: Publisher
    dry_run: bool = False
    fates: Counter[tuple[str, Fate]] = field(default_factory=Counter)

    def run(self, letters: Iterable[DeadLetter], limit: int | None = None) -> None:
        """Send what is acceptable by now, at most ``limit`` of what was not sent before. Raises Unavailable."""
        for chunk in _chunks(islice(self._not_done(letters), limit)):
            verdicts = accept((None if letter.is_cut else letter.value for letter in chunk), self.tenants)
            good = {
                letter.origin: (letter, verdict)
                for letter, verdict in zip(chunk, verdicts, strict=True)
                if isinstance(verdict, Accepted | Decided)
            }
            self._count((letter for letter in chunk if letter.origin not in good), Fate.STILL_BAD)
            if self.dry_run:
                for pair in good.values():
                    self._count([pair[0]], Fate.ARCHIVED if _is_for_postgres_only(pair) else Fate.SENT)
            else:
                self._send(good)

    def _not_done(self, letters: Iterable[DeadLetter]) -> Iterator[DeadLetter]:
        met: set[Origin] = set()
        for chunk in _chunks(letters):
            done = marks.done([letter.origin for letter in chunk])
            for letter in chunk:
                if letter.origin in done:
                    self.fates[letter.reason, Fate.DONE_BEFORE] += 1
                elif letter.origin not in met:  # a crash of the archive may have left it there twice
                    yield letter
                met.add(letter.origin)

    def _send(self, good: dict[Origin, Good]) -> None:
        # Marked, then sent, then committed: after a crash in between they are sent again, never forgotten.
        with transaction.atomic():
            mine = [good[origin] for origin in sorted(marks.claim(sorted(good)))]
            for pair in mine:
                if _is_for_postgres_only(pair):
                    self._settle(pair[0], Fate.ARCHIVED if _archive(*pair) else Fate.NOT_TAKEN)
            to_send = [pair for pair in mine if not _is_for_postgres_only(pair)]
            outcomes = self._publish(to_send)
            for (letter, _), outcome in zip(to_send, outcomes, strict=True):
                self._settle(letter, Fate.SENT if outcome is Outcome.ACCEPTED else Fate.NOT_TAKEN)

    def _publish(self, letters: list[Good]) -> list[Outcome]:
        messages = [Outgoing(letter.origin.topic, _key_of(verdict), letter.value) for letter, verdict in letters]
        return self.publisher.publish(messages, timeout_seconds=settings.KAFKA_ACK_TIMEOUT_SECONDS)

    def _settle(self, letter: DeadLetter, fate: Fate) -> None:
        if fate is Fate.NOT_TAKEN:
            marks.unmark(letter.origin)
        self.fates[letter.reason, fate] += 1

    def _count(self, letters: Iterable[DeadLetter], fate: Fate) -> None:
        for letter in letters:
            self.fates[letter.reason, fate] += 1


def _is_for_postgres_only(pair: Good) -> bool:
    """Return whether the live state has counted it: an event that only Postgres refused.

    Merges and erasures go to their topic in any case: every reader may meet them twice, and late.
    """
    letter, verdict = pair
    return letter.reason == Reason.REFUSED_BY_POSTGRES and isinstance(verdict, Accepted)


def _key_of(verdict: Accepted | Decided) -> str:
    return verdict.event.shopper if isinstance(verdict, Accepted) else verdict.act.key


def _archive(letter: DeadLetter, verdict: Accepted | Decided) -> bool:
    assert isinstance(verdict, Accepted)  # noqa: S101  see _is_for_postgres_only
    try:
        with one_transaction():
            insert([copy_line(letter.origin.log, letter.origin.offset, verdict.event, verdict.tenant_id)])
    except Refused:
        return False
    return True


def _chunks(letters: Iterable[DeadLetter]) -> Iterator[list[DeadLetter]]:
    remaining = iter(letters)
    while chunk := list(islice(remaining, AT_ONCE)):
        yield chunk
