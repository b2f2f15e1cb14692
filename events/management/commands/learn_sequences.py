"""`manage.py learn_sequences`: Kafka → what follows what, in Redis."""

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from events.consumers import sequence_pipeline
from sdr.embedded.lifetime import require_kafka


class Command(BaseCommand):
    help = (
        "Learn what shoppers look at next: read product_clicks and user_behavior from Kafka into the lists in Redis. "
        "Start as many as there are partitions; each event teaches once, whichever is killed. "
        "SIGTERM or Ctrl-C finishes the batch at hand and exits 0."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--group", help="consumer group (default: KAFKA_CONSUMER_GROUP, and -sequences)")

    def handle(self, *_args: Any, **options: Any) -> None:
        require_kafka()
        pipeline = sequence_pipeline(options["group"])
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda _signum, _frame: pipeline.stop())
        pipeline.run()
