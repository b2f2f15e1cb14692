"""How far the archive has come in each log: kept beside the rows, moved in the transaction that adds them."""

from collections.abc import Collection, Iterable, Mapping

from django.db.models import Value
from django.db.models.functions import Greatest

from events.broker.base import BEGINNING
from events.live.base import WentBack
from events.models import ArchiveGap, ArchiveOffset


def stored(logs: Collection[str]) -> dict[str, int]:
    """Return the stored offset of each log, BEGINNING where there is none."""
    found = ArchiveOffset.objects.filter(log__in=logs).values_list("log", "next")
    return dict.fromkeys(logs, BEGINNING) | dict(found)


def lock(expected: Mapping[str, int]) -> dict[str, int]:
    """Return what is stored and hold it until the transaction ends, against a second archiver of the same log.

    Raises WentBack if less is stored than expected: Postgres was restored from an earlier copy.
    """
    first_met = sorted(log for log, offset in expected.items() if offset == BEGINNING)
    ArchiveOffset.objects.bulk_create(
        [ArchiveOffset(log=log, next=BEGINNING) for log in first_met], ignore_conflicts=True
    )
    rows = ArchiveOffset.objects.select_for_update().filter(log__in=expected).order_by("log")
    held = dict.fromkeys(expected, BEGINNING) | {row.log: row.next for row in rows}
    for log, offset in expected.items():
        if held[log] < offset:
            raise WentBack(f"{log}: {held[log]} is stored, {offset} was")
    return held


def note_gaps(gaps: Iterable[tuple[str, int, int]]) -> None:
    """Note which offsets of a log, from the first up to the second, the archive will never have."""
    ArchiveGap.objects.bulk_create([ArchiveGap(log=log, first=first, next=end) for log, first, end in gaps])


def move(reached: Mapping[str, int]) -> None:
    """Store how far each log has come; never back."""
    for log, offset in sorted(reached.items()):
        ArchiveOffset.objects.filter(log=log).update(next=Greatest("next", Value(offset)))
