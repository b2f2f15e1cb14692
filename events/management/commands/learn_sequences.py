"""`manage.py learn_sequences`: Kafka → what follows what, in Redis; or anew from the archive or a file."""

import signal
from contextlib import ExitStack
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.importing.source import open_source, total_size
from events.consumers import sequence_pipeline
from events.rebuild.command import add_arguments, rebuild_with_bars, since_of, tenants_of
from events.rebuild.run import SEQUENCES, Past
from sdr import checks
from sdr.accounts.models import Tenant
from sdr.collector import spare_what_is_there
from sdr.embedded.lifetime import require_kafka


class Command(BaseCommand):
    requires_system_checks: list[str] = [checks.SETTINGS]
    help = (
        "Learn what shoppers look at next: read product_clicks and user_behavior from Kafka into the lists in Redis. "
        "Start as many as there are partitions; each event teaches once, whichever is killed. "
        "SIGTERM or Ctrl-C finishes the batch at hand and exits 0. With --from-archive or --from, learn anew beside "
        "the lists in force, while others go on learning, switch in one step, and end; Ctrl-C leaves all as it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--group", help="consumer group (default: KAFKA_CONSUMER_GROUP, and -sequences)")
        parser.add_argument("--from-archive", action="store_true", help="learn anew: from the archive, then from Kafka")
        parser.add_argument(
            "--from",
            dest="file",
            metavar="FILE",
            help="learn anew: from a CSV file, gzipped or not (user_id,session_id,sku,kind,occurred_at, oldest first; "
            "'-': standard input), then the archive if that is asked for, then from Kafka",
        )
        add_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        is_anew = options["from_archive"] or options["file"]
        if not is_anew and (options["since"] or options["tenant"]):
            raise CommandError("--since and --tenant go with --from-archive or --from.")
        require_kafka()
        if not is_anew:
            self._learn(options["group"])
            return
        tenants = tenants_of(options)
        if options["file"] and len(tenants) > 1:
            raise CommandError("A file is one tenant's: name it with --tenant.")
        for tenant in tenants:
            self._learn_anew(tenant, options)
            self.stdout.write(f"What follows what is learned anew for {tenant.slug}, and in force.")

    def _learn(self, group: str | None) -> None:
        pipeline = sequence_pipeline(group)
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda _signum, _frame: pipeline.stop())
        spare_what_is_there()
        pipeline.run()

    def _learn_anew(self, tenant: Tenant, options: dict[str, Any]) -> None:
        name = options["file"]
        with ExitStack() as stack:
            try:
                past = Past(stack.enter_context(open_source(name)), self.stderr.write) if name else None
            except OSError as error:
                raise CommandError(f"{name} cannot be read: {error.strerror}.") from error
            rebuild_with_bars(
                tenant,
                what=SEQUENCES,
                since=since_of(options),
                past=past,
                from_archive=options["from_archive"],
                with_kafka=True,
                file_size=total_size([name]) if name else None,
            )
