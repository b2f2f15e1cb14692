from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sdr.heartbeat import is_alive


class Command(BaseCommand):
    help = "Exit 0 while the process NAME (consumer, …) gives signs of life, else 1: a container's health check."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="whose sign of life to look for, as in var/run/NAME.alive")
        parser.add_argument("--max-age", type=float, default=15.0, help="seconds a sign of life counts (default 15)")

    def handle(self, *args: Any, name: str, max_age: float, **options: Any) -> None:
        if not is_alive(name, max_age):
            raise CommandError(f"{name} has given no sign of life for {max_age:g} seconds")
