"""`manage.py rebuild_live_state`: the live state anew, from the archive and from Kafka."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from events.rebuild.command import add_arguments, rebuild_with_bars, since_of, tenants_of
from sdr.embedded.lifetime import require_kafka


class Command(BaseCommand):
    help = (
        "Rebuild the live state (trends, counters, shoppers) beside the one in force, while events are counted, "
        "and switch in one step. Use it when Redis lost its data, or counted what it should not have. Ctrl-C leaves "
        "everything as it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)
        parser.add_argument(
            "--source",
            choices=["both", "archive", "kafka"],
            default="both",
            help="both: the archive, then what followed in Kafka (default)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        since, source = since_of(options), options["source"]
        if source != "archive":
            require_kafka()
        for tenant in tenants_of(options):
            rebuild_with_bars(tenant, since=since, from_archive=source != "kafka", with_kafka=source != "archive")
            self.stdout.write(f"The live state of {tenant.slug} is rebuilt and in force.")
