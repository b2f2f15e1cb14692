"""Records into the archive in Postgres, and those it cannot take into the topics of dead letters."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import structlog

from events.acts import Act, Erasure
from events.archive import offsets
from events.archive.acceptance import Accepted, Decided, Reason, Refusal, Verdict, accept
from events.archive.adoption import Adoption
from events.archive.errors import Refused, one_transaction
from events.archive.insertion import insert
from events.archive.partitions import Months
from events.archive.rows import copy_line
from events.broker.base import BEGINNING, Publisher
from events.dead_letters.letter import DeadLetter, make_letter
from events.dead_letters.outbox import Outbox
from events.live.parameters import latest
from events.shoppers import records
from events.sinks.base import LogRecord
from events.tenants import TenantDirectory
from sdr import clock, metrics
from sdr.exceptions import Unavailable

log = structlog.get_logger(__name__)

Judged = tuple[LogRecord, Verdict]


class ArchiveSink:
    """See :class:`events.sinks.base.Sink`: one transaction adds the rows and moves the offsets, both or neither.

    ``publisher`` is asked for only when there is a dead letter to send.
    """

    def __init__(self, tenants: TenantDirectory, publisher: Callable[[], Publisher]) -> None:
        self._tenants, self._outbox, self._months = tenants, Outbox(publisher), Months()
        self._adoption = Adoption(publisher)
        # What this archiver believes is stored.
        self._expect: dict[str, int] = {}

    def positions(self, logs: Sequence[str]) -> dict[str, int]:
        with one_transaction():
            self._expect = offsets.stored(logs)
        self._months.forget()
        return dict(self._expect)

    def write(self, records: Sequence[LogRecord]) -> None:
        verdicts = accept((entry.record.value for entry in records), self._tenants)
        instants = [verdict.event.occurred_at for verdict in verdicts if isinstance(verdict, Accepted)]
        self._months.ensure(instants, now=clock.now())
        self._store(list(zip(records, verdicts, strict=True)))

    def finish(self) -> None:
        """Do nothing: what is written is stored."""

    def advance(self, positions: Mapping[str, int]) -> None:
        with one_transaction():
            offsets.lock(self._expected(positions))
            offsets.move(positions)
        self._believe(positions)
        self._adoption.step()

    def fill(self, starts: Mapping[str, int]) -> Iterator[None]:
        """Note what is gone: there is nowhere else to take it from."""
        lost = {log: start for log, start in starts.items() if max(self._expect[log], 0) < start}
        if lost:
            with one_transaction():
                held = offsets.lock(self._expected(lost))
                gaps = [(log, max(held[log], 0), start) for log, start in sorted(lost.items()) if held[log] < start]
                offsets.note_gaps(gaps)
                offsets.move(lost)
            self._believe(lost)
            for name, first, start in gaps:
                _report_gap(name, first, start, is_new=held[name] == BEGINNING)
        yield from ()

    def _store(self, judged: list[Judged]) -> None:
        reached = {entry.log: entry.record.offset + 1 for entry, _ in judged}  # a log's last entry comes last
        try:
            with one_transaction():
                stored = offsets.lock(self._expected(reached))
                fresh = [(entry, verdict) for entry, verdict in judged if entry.record.offset >= stored[entry.log]]
                decided = _decided(fresh)
                if any(isinstance(act, Erasure) for act, _ in decided):
                    records.lock_for_erasure()  # first, for the lock that adding rows takes cannot be made into it
                n_added = _insert(fresh)
                _perform(decided)
                # Before the offsets are stored: no letter is lost, and after a crash one may be there twice.
                self._outbox.send(_letters(fresh))
                offsets.move(reached)
        except Refused as error:
            self._bisect(judged, error)
            return
        self._believe(reached)
        self._outbox.forget(_letters(fresh))
        _count(judged, fresh, n_added)

    def _bisect(self, judged: list[Judged], error: Refused) -> None:
        """Find the event that Postgres refuses, make it a dead letter, and archive the others."""
        if all(isinstance(verdict, Refusal) for _, verdict in judged):
            # Not an event's fault: the table of offsets is broken. Waiting loses nothing.
            raise Unavailable(f"Postgres does not take the archive's offsets: {error}") from error
        if len(judged) == 1:
            entry, _ = judged[0]
            log.error("event refused", log=entry.log, offset=entry.record.offset, error=str(error))
            self._store([(entry, Refusal(Reason.REFUSED_BY_POSTGRES, str(error)))])
            return
        middle = len(judged) // 2
        self._store(judged[:middle])
        self._store(judged[middle:])

    def _expected(self, logs: Iterable[str]) -> dict[str, int]:
        return {log: self._expect.get(log, BEGINNING) for log in logs}

    def _believe(self, reached: Mapping[str, int]) -> None:
        self._expect |= {log: max(offset, self._expect.get(log, BEGINNING)) for log, offset in reached.items()}


def _insert(judged: list[Judged]) -> dict[str, int]:
    lines = [
        copy_line(entry.log, entry.record.offset, verdict.event, verdict.tenant_id)
        for entry, verdict in judged
        if isinstance(verdict, Accepted)
    ]
    return insert(lines) if lines else {}


def _decided(judged: list[Judged]) -> list[tuple[Act, int]]:
    """Return what shops decided about shoppers, and the tenants' ids; not what a wrong clock puts into the future."""
    return [
        (verdict.act, verdict.tenant_id)
        for entry, verdict in judged
        if isinstance(verdict, Decided) and verdict.act.at.timestamp() <= latest(entry.record.timestamp_ms)
    ]


def _perform(decided: list[tuple[Act, int]]) -> None:
    # After the rows of the batch: both go by times, so that the order does not matter.
    for act, tenant_id in decided:
        if isinstance(act, Erasure):
            records.erase(tenant_id, act.shopper, act.at)
        else:
            records.merge(tenant_id, act.user_id, act.session_id, act.at)


def _report_gap(name: str, first: int, start: int, *, is_new: bool) -> None:
    if is_new:  # an archive that begins after the log did has lost nothing
        log.warning("the archive begins where the log does", log=name, start=start)
        return
    log.error("offset outside the log", log=name, wanted=first, low=start, n_missing=start - first)
    metrics.EVENTS_PROCESSED.labels(topic=name.partition("@")[0], result="archive_gap").inc(start - first)


def _letters(judged: list[Judged]) -> list[DeadLetter]:
    return [
        make_letter(entry.log, entry.record, refusal.reason, refusal.detail)
        for entry, refusal in judged
        if isinstance(refusal, Refusal)
    ]


def _count(judged: list[Judged], fresh: list[Judged], n_added: Mapping[str, int]) -> None:
    """Count what became of each record; the results of the live state have other names, so the two are told apart."""
    n_read, n_fresh = (Counter(_topic(entry) for entry, _ in pairs) for pairs in (judged, fresh))
    n_accepted = Counter(_topic(entry) for entry, verdict in fresh if isinstance(verdict, Accepted))
    n_acts = Counter(_topic(entry) for entry, verdict in fresh if isinstance(verdict, Decided))
    for topic, n in n_read.items():
        results = {
            "archived": n_added.get(topic, 0),
            "archive_duplicate": n_accepted[topic] - n_added.get(topic, 0),
            "archived_before": n - n_fresh[topic],
            "archived_act": n_acts[topic],
            "dead_letter": n_fresh[topic] - n_accepted[topic] - n_acts[topic],
        }
        for result, n_results in results.items():
            metrics.EVENTS_PROCESSED.labels(topic=topic, result=result).inc(n_results)


def _topic(entry: LogRecord) -> str:
    return entry.record.partition.topic
