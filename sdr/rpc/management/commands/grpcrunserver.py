"""``manage.py grpcrunserver``: serve gRPC until SIGTERM or SIGINT, then let calls under way finish."""

import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django_grpc_framework.management.commands import grpcrunserver

from sdr.checks import refuse_to_serve_insecurely
from sdr.connections import limit_statements
from sdr.rpc import processes, serving
from sdr.rpc.ports import AddressTakenError
from sdr.rpc.serving import ServeOptions


class Command(grpcrunserver.Command):
    help = "Serve gRPC. Stops on SIGTERM or SIGINT, after the calls under way."
    requires_system_checks: list[str] = []  # the framework says False, which Django no longer takes

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--processes", type=int, default=settings.GRPC_PROCESSES, help="How many share the port.")
        parser.add_argument(
            "--handover", type=float, default=settings.GRPC_HANDOVER_SECONDS, metavar="SECONDS",
            help="Share the port with the server that replaces this one: no connection becomes older than this, and "
            "after SIGTERM all go to the newer server before this one ends. 0: the port is this server's alone.",
        )  # fmt: skip
        parser.add_argument(
            "--metrics-port", type=int, default=settings.GRPC_METRICS_PORT, metavar="PORT",
            help="Answer /metrics there, for all processes. 0: nowhere.",
        )  # fmt: skip
        parser.add_argument(
            "--drain", type=float, default=settings.GRPC_DRAIN_SECONDS, metavar="SECONDS",
            help="How long calls are still taken after health has said NOT_SERVING.",
        )  # fmt: skip
        parser.add_argument(
            "--grace", type=float, default=settings.GRPC_GRACE_SECONDS, metavar="SECONDS",
            help="How long calls under way may take after that.",
        )  # fmt: skip
        parser.set_defaults(address=default_address(), max_workers=settings.GRPC_THREADS)

    def handle(self, *args: Any, **options: Any) -> None:
        self.serve_options = ServeOptions(
            address=options["address"],
            max_workers=options["max_workers"],
            n_processes=options["processes"],
            handover_seconds=options["handover"],
            metrics_address=_metrics_address(options["address"], options["metrics_port"]),
            drain_seconds=options["drain"],
            grace_seconds=options["grace"],
        )
        if self.serve_options.n_processes < 1 or self.serve_options.max_workers < 1:
            raise CommandError("A server needs at least one process and one thread.")
        if options["metrics_port"] and options["processes"] > 1 and not settings.PROMETHEUS_MULTIPROC_DIR:
            raise CommandError(
                "Several processes add up their metrics in a directory: PROMETHEUS_MULTIPROC_DIR names it."
            )
        super().handle(*args, **options)

    def _serve(self) -> None:
        """Replace the framework's, which ends every call at once and passes interceptors that nobody made."""
        try:
            refuse_to_serve_insecurely()
            limit_statements()
            has_ended = self._serve_until_told()
        except (ImproperlyConfigured, AddressTakenError, processes.DiedAtStart) as error:
            raise CommandError(str(error)) from error
        if not has_ended:
            raise CommandError("gRPC has stopped. Calls that did not end within --grace were left behind.")

    def _serve_until_told(self) -> bool:
        if threading.current_thread() is not threading.main_thread():
            # --dev: the reloader has the main thread and its signals, and ends the process.
            with serving.exposed(self.serve_options):
                server = serving.start_server(self.serve_options)
                self._announce(_address(self.serve_options, server.port))
                server.wait()
            return True
        if self.serve_options.n_processes > 1:
            return processes.serve_together(self.serve_options, self._announce)
        stop = processes.stop_signal()
        return serving.serve(
            self.serve_options, stop, lambda server: self._announce(_address(self.serve_options, server.port))
        )

    def _announce(self, address: str) -> None:
        self.stdout.write(f"gRPC serves on {address}")
        self.stdout.flush()  # whoever reads a pipe waits for this line


def default_address() -> str:
    # gRPC takes [::] for every address of either family, also where there is no IPv6.
    return f"{'127.0.0.1' if settings.DEBUG else '[::]'}:{settings.GRPC_PORT}"


def _metrics_address(address: str, port: int) -> str | None:
    return f"{address.rpartition(':')[0]}:{port}" if port else None


def _address(options: ServeOptions, port: int) -> str:
    return f"{options.address.rpartition(':')[0]}:{port}"
