"""`manage.py consume_clicks`: Kafka → the live state in Redis."""

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from events.consumers import live_state_pipeline
from sdr import checks
from sdr.collector import spare_what_is_there
from sdr.embedded.lifetime import require_kafka


class Command(BaseCommand):
    requires_system_checks: list[str] = [checks.SETTINGS]
    help = (
        "Count what shoppers do: read product_clicks and user_behavior from Kafka into the live state in Redis. "
        "Start as many as there are partitions; each event counts once, whichever is killed. "
        "SIGTERM or Ctrl-C finishes the batch at hand and exits 0."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--group", help="consumer group (default: the setting KAFKA_CONSUMER_GROUP)")

    def handle(self, *_args: Any, **options: Any) -> None:
        require_kafka()
        pipeline = live_state_pipeline(options["group"])
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda _signum, _frame: pipeline.stop())
        spare_what_is_there()
        pipeline.run()
