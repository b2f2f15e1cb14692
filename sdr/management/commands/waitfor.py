import argparse
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sdr.stack.errors import StackError
from sdr.stack.gate import CONDITIONS, wait_for


class Command(BaseCommand):
    help = "Wait until others are ready, then become COMMAND: manage.py waitfor consumer grpc -- COMMAND ..."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--timeout", type=float, default=120.0, help="seconds to wait (default 120)")
        parser.add_argument(
            "words", nargs=argparse.REMAINDER, metavar="NAME... -- COMMAND...", help=f"names: {', '.join(CONDITIONS)}"
        )

    def handle(self, *args: Any, timeout: float, words: list[str], **options: Any) -> None:
        names, command = split_words(words)
        try:
            wait_for(names, timeout)
        except StackError as error:
            raise CommandError(str(error)) from error
        # Become the command: it keeps this pid, so whoever started us stops it too.
        os.execvp(command[0], command)  # noqa: S606


def split_words(words: list[str]) -> tuple[list[str], list[str]]:
    """Return the names before ``--`` and the command after it; raises CommandError when either is not right."""
    names, command = (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    unknown = [name for name in names if name not in CONDITIONS]
    if not names or not command or unknown:
        raise CommandError(f"Say: waitfor NAME... -- COMMAND..., where NAME is one of {', '.join(CONDITIONS)}")
    return names, command
