"""`manage.py rebuild_index`: TF-IDF and neighbours anew, now."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from recommendations.index import registry
from recommendations.index.rebuild import rebuild
from sdr.accounts.models import DEFAULT_TENANT, Tenant

_STEPS = {"read": "Reading the catalogue", "features": "Weighing words", "neighbours": "Finding neighbours"}


class Command(BaseCommand):
    help = "Build the index of one tenant's catalogue and let it serve. Celery beat does this when products change."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", default=DEFAULT_TENANT, help="slug of the tenant (default: %(default)s)")
        parser.add_argument("--if-missing", action="store_true", help="do nothing if an index serves already")

    def handle(self, *_args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"There is no tenant {options['tenant']!r}.")
        if options["if_missing"] and registry.active_version(tenant.slug):
            return
        columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
        with Progress(*columns, console=Console(stderr=True)) as bars:
            tasks = {step: bars.add_task(label, total=None) for step, label in _STEPS.items()}
            name = rebuild(tenant, on_progress=lambda step, n, of: bars.update(tasks[step], completed=n, total=of))
        if name is None:
            raise CommandError("Another process is building this index already; try again when it is done.")
        self.stdout.write(f"Index {name} of {tenant.slug} serves now.")
