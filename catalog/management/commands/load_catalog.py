"""``manage.py load_catalog FILE...``: products from files."""

import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from catalog.importing.load import Load, Stopped
from catalog.importing.source import total_size
from catalog.services import BATCH_SIZE
from sdr.accounts.models import DEFAULT_TENANT, Tenant

MAX_PROBLEMS_SHOWN = 20
INTERRUPTED = 130

HELP = """Load products from JSON Lines or CSV files, gzipped or not.

A row creates the product of its SKU or updates it. Fields:

  sku, name        required
  category         a path: Home > Kitchen > Knives; missing categories are made
  price, currency  a number, at least 0; a code such as EUR
  rating           from 0 to 5, and rating_count, a whole number
  tags             JSON: a list; CSV: separated by | or ,
  description, image_url, variant_group, in_stock, is_active, attributes (JSON)

A field that is missing keeps its value; null, or an empty cell, means unknown. Columns of other names are ignored.
A bad row is reported with its line and the rest is loaded; the exit status is then 1.
"""
EXAMPLES = """examples:
  manage.py load_catalog products.jsonl.gz
  manage.py load_catalog --strict --tenant books spring.csv summer.csv
  zcat products.csv.gz | manage.py load_catalog -
"""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, epilog=EXAMPLES, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="a file, or - for standard input")
        parser.add_argument("--tenant", default=DEFAULT_TENANT, help="whose catalogue (default: %(default)s)")
        parser.add_argument("--strict", action="store_true", help="stop at the first bad row, and load nothing at all")
        parser.add_argument(
            "--batch-size", type=_positive, default=BATCH_SIZE, help="rows per transaction (default: %(default)s)"
        )

    def handle(self, *args: Any, files: list[str], tenant: str, strict: bool, batch_size: int, **options: Any) -> None:
        console = Console(file=options.get("stderr") or sys.stderr, highlight=False, markup=False, soft_wrap=True)
        problems = Problems(console)
        started_at = time.monotonic()
        with _progress(console) as progress:
            task = progress.add_task("Loading", total=total_size(files))
            load = Load(
                _tenant_id(tenant),
                strict=strict,
                batch_size=batch_size,
                on_progress=lambda n_bytes: progress.update(task, completed=n_bytes),
                on_problem=problems.add,
            )
            try:
                load.run(files)
            except Stopped as error:
                raise CommandError(f"{error}\nStopped, and nothing was loaded (--strict).") from error
            except DatabaseError as error:
                raise CommandError(f"The database failed: {error}{_kept(load, strict=strict)}") from error
            except KeyboardInterrupt:
                raise CommandError(f"Interrupted.{_kept(load, strict=strict)}", returncode=INTERRUPTED) from None
        problems.close()
        self.stdout.write(f"{_summary(load)} in {time.monotonic() - started_at:.1f} s")
        if load.n_rejected or load.n_unreadable:
            raise CommandError(f"{load.n_rejected:,} rows rejected, {load.n_unreadable} files not read to their end.")


class Problems:
    """Prints the first few and counts the rest: ten thousand bad rows have one cause."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._n_problems = 0

    def add(self, problem: str) -> None:
        self._n_problems += 1
        if self._n_problems <= MAX_PROBLEMS_SHOWN:
            self._console.print(problem, style="red")

    def close(self) -> None:
        if self._n_problems > MAX_PROBLEMS_SHOWN:
            self._console.print(f"… and {self._n_problems - MAX_PROBLEMS_SHOWN:,} more", style="red")


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _tenant_id(slug: str) -> int:
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise CommandError(
            f"There is no tenant {slug!r}. There are: {', '.join(Tenant.objects.values_list('slug', flat=True))}"
        )
    return tenant.pk


def _kept(load: Load, *, strict: bool) -> str:
    return (
        " Nothing was loaded (--strict)." if strict else f" {_summary(load)} until then; the rest can be loaded again."
    )


def _summary(load: Load) -> str:
    result = load.result
    repeated = f", {result.repeated:,} repeated" if result.repeated else ""
    return (
        f"{result.total:,} rows loaded: {result.created:,} created, {result.updated:,} updated, "
        f"{result.unchanged:,} unchanged{repeated}"
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError("must be a whole number from 1")
    return int(text)
