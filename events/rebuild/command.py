"""What commands that rebuild a state have in common: whose, since when, with bars, told in words."""

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from events.rebuild.run import LIVE_STATE, Progress, What, kafka_source, rebuild
from sdr.accounts.models import Tenant
from sdr.exceptions import SdrError

_STEPS = {"file": "From the file", "archive": "From the archive", "kafka": "From Kafka"}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--tenant", help="slug of one tenant (default: all active ones)")
    parser.add_argument("--since", help="forget what is older: ISO 8601 with a time zone, 2026-11-01T00:00:00Z")


def since_of(options: dict[str, Any]) -> datetime | None:
    since = parse_datetime(options["since"]) if options["since"] else None
    if options["since"] and (since is None or is_naive(since)):
        raise CommandError("--since takes ISO 8601 with a time zone, such as 2026-11-01T00:00:00Z.")
    return since


def tenants_of(options: dict[str, Any]) -> list[Tenant]:
    slug = options["tenant"]
    found = list(Tenant.objects.filter(is_active=True, **({"slug": slug} if slug else {})))
    if not found:
        raise CommandError(f"There is no active tenant {slug!r}.")
    return found


def rebuild_with_bars(
    tenant: Tenant, *, with_kafka: bool, what: What = LIVE_STATE, file_size: int | None = None, **options: Any
) -> None:
    """Rebuild one tenant's state; what hinders is a CommandError. ``file_size``: in bytes, None where unknown."""
    source = kafka_source() if with_kafka else None
    try:
        with _progress({"file": file_size}) as on_progress:
            rebuild(tenant, what=what, source=source, on_progress=on_progress, **options)
    except SdrError as error:
        raise CommandError(str(error)) from error
    finally:
        if source is not None:
            source.close()


@contextmanager
def _progress(totals: dict[str, int | None]) -> Iterator[Progress]:
    """Show a bar for each step that has begun."""
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
    with Bars(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def on_progress(step: str, done: int, of: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(_STEPS[step], total=None)
            bars.update(tasks[step], completed=done, total=of or totals.get(step, of))

        yield on_progress
