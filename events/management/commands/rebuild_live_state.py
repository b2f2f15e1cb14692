"""`manage.py rebuild_live_state`: the live state anew, from the archive and from Kafka."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from events.rebuild.run import kafka_source, rebuild
from sdr.accounts.models import Tenant
from sdr.embedded.lifetime import require_kafka
from sdr.exceptions import SdrError

_STEPS = {"archive": "From the archive", "kafka": "From Kafka"}


class Command(BaseCommand):
    help = (
        "Rebuild the live state (trends, counters, shoppers) beside the one in force, while events are counted, "
        "and switch in one step. Use it when Redis lost its data, or counted what it should not have. Ctrl-C leaves "
        "everything as it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", help="slug of one tenant (default: all active ones)")
        parser.add_argument("--since", help="forget what is older: ISO 8601 with a time zone, 2026-11-01T00:00:00Z")
        parser.add_argument(
            "--source",
            choices=["both", "archive", "kafka"],
            default="both",
            help="both: the archive, then what followed in Kafka (default)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        since = parse_datetime(options["since"]) if options["since"] else None
        if options["since"] and (since is None or is_naive(since)):
            raise CommandError("--since takes ISO 8601 with a time zone, such as 2026-11-01T00:00:00Z.")
        if options["source"] != "archive":
            require_kafka()
        for tenant in self._tenants(options["tenant"]):
            self._rebuild(tenant, since, options["source"])

    def _tenants(self, slug: str | None) -> list[Tenant]:
        found = list(Tenant.objects.filter(is_active=True, **({"slug": slug} if slug else {})))
        if not found:
            raise CommandError(f"There is no active tenant {slug!r}.")
        return found

    def _rebuild(self, tenant: Tenant, since: Any, source_name: str) -> None:
        columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
        source = kafka_source() if source_name != "archive" else None
        try:
            with Progress(*columns, console=Console(stderr=True)) as bars:
                tasks = {step: bars.add_task(label, total=None) for step, label in _STEPS.items()}
                rebuild(
                    tenant,
                    since=since,
                    from_archive=source_name != "kafka",
                    source=source,
                    on_progress=lambda step, n, of: bars.update(tasks[step], completed=n, total=of),
                )
        except SdrError as error:
            raise CommandError(str(error)) from error
        finally:
            if source is not None:
                source.close()
        self.stdout.write(f"The live state of {tenant.slug} is rebuilt and in force.")
