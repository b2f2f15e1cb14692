"""`manage.py answer_requests`: recommendations asked for and answered over Kafka."""

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from events.broker.committed import KafkaCommittingSource
from events.broker.producer import close_publisher, publisher
from events.kinds import RECOMMENDATION_REQUESTS, RECOMMENDATION_RESPONSES
from events.tenants import TenantDirectory
from recommendations import serving
from recommendations.answering.loop import Answering
from sdr import checks
from sdr.collector import spare_what_is_there
from sdr.embedded.lifetime import require_kafka
from sdr.health import Heartbeat

GROUP = "sdr-answers"


class Command(BaseCommand):
    requires_system_checks: list[str] = [checks.SETTINGS]
    help = (
        "Answer what is asked on the topic recommendation_requests, "
        '{"request_id": "r-1", "product_id": 12 or "sku": "A-1", "limit": 5, "tenant": "default"}, '
        "on recommendation_responses, keyed by request_id, in REST's shape: recommendations or an error. "
        "Each request is answered at least once; a requester may meet an answer twice. "
        "Start as many as there are partitions. SIGTERM or Ctrl-C finishes the batch at hand and exits 0."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--group", default=GROUP, help="consumer group (default: %(default)s)")

    def handle(self, *_args: Any, **options: Any) -> None:
        require_kafka()
        heartbeat = Heartbeat("answers")
        source = KafkaCommittingSource(
            options["group"], [RECOMMENDATION_REQUESTS], also_needed=[RECOMMENDATION_RESPONSES]
        )
        answering = Answering(source, publisher, TenantDirectory(), on_alive=heartbeat.beat)
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda _signum, _frame: answering.stop())
        spare_what_is_there()
        try:
            answering.run()
        finally:
            serving.stop()
            close_publisher()
