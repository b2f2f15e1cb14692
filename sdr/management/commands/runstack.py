from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sdr.stack.errors import StackError
from sdr.stack.run import run


class Command(BaseCommand):
    help = (
        "Run the whole system on this machine: servers that no variable names, migrations, a sample catalogue and its "
        "index, then consumer, gRPC, Celery worker and beat, and web. Ctrl-C stops it. PORT (5000), GRPC_PORT (50051), "
        "VAR_DIR (var), DATABASE_URL, REDIS_URL and KAFKA_BOOTSTRAP_SERVERS change where."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-sample", action="store_true", help="leave an empty catalogue empty")

    def handle(self, *args: Any, no_sample: bool, **options: Any) -> None:
        try:
            failure = run(sample=not no_sample)
        except StackError as error:
            raise CommandError(str(error)) from error
        if failure:
            raise CommandError(failure)
