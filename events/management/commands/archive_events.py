"""`manage.py archive_events`: Kafka → the archive in Postgres."""

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from events.consumers import archive_pipeline
from sdr import checks
from sdr.collector import spare_what_is_there
from sdr.embedded.lifetime import require_kafka


class Command(BaseCommand):
    requires_system_checks: list[str] = [checks.SETTINGS]
    help = (
        "Keep what shoppers do: read product_clicks and user_behavior from Kafka into the archive in Postgres, each "
        "event once, and put what cannot be read into <topic>.dead (see replay_dead_letters). "
        "Start as many as there are partitions. SIGTERM or Ctrl-C finishes the batch at hand and exits 0."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--group", help="consumer group (default: the setting KAFKA_CONSUMER_GROUP + '-archive')")

    def handle(self, *_args: Any, **options: Any) -> None:
        require_kafka()
        pipeline = archive_pipeline(options["group"])
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda _signum, _frame: pipeline.stop())
        spare_what_is_there()
        pipeline.run()
