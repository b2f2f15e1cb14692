"""``manage.py grpcrunserver``: serve gRPC until SIGTERM or SIGINT, then let calls under way finish."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django_grpc_framework.management.commands import grpcrunserver

from sdr.checks import refuse_to_serve_insecurely
from sdr.connections import limit_statements
from sdr.rpc.server import AddressTakenError, RpcServer


class Command(grpcrunserver.Command):
    help = "Serve gRPC. Stops on SIGTERM or SIGINT, after the calls under way."
    requires_system_checks: list[str] = []  # the framework says False, which Django no longer takes

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--grace", type=float, default=10, metavar="SECONDS", help="How long calls under way may take at the end."
        )
        parser.set_defaults(address=default_address())

    def handle(self, *args: Any, **options: Any) -> None:
        self.grace_seconds = options["grace"]
        super().handle(*args, **options)

    def _serve(self) -> None:
        """Replace the framework's, which ends every call at once and passes interceptors that nobody made."""
        is_main = threading.current_thread() is threading.main_thread()
        stop = stop_signal() if is_main else None
        server = self._start()
        if stop is None:
            server.wait()  # --dev: the reloader has the main thread and its signals, and ends the process
            return
        stop.wait()
        self.stdout.write("gRPC stops: it takes no new calls and finishes those under way")
        server.stop(self.grace_seconds)

    def _start(self) -> RpcServer:
        try:
            refuse_to_serve_insecurely()
            limit_statements()
            server = RpcServer(self.address, max_workers=self.max_workers)
        except (ImproperlyConfigured, AddressTakenError) as error:
            raise CommandError(str(error)) from error
        server.start()
        self.stdout.write(f"gRPC serves on {self.address.rpartition(':')[0]}:{server.port}")
        self.stdout.flush()  # whoever reads a pipe waits for this line
        return server


def default_address() -> str:
    # gRPC takes [::] for every address of either family, also where there is no IPv6.
    return f"{'127.0.0.1' if settings.DEBUG else '[::]'}:{settings.GRPC_PORT}"


def stop_signal() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
