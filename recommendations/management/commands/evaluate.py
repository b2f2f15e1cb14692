"""``manage.py evaluate``: how good are the lists, on any catalogue and log."""

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from events.simulation.replay import BadFile
from recommendations.evaluation import offline
from recommendations.evaluation.arguments import add_data_arguments, add_targets_argument, positive, source_of
from recommendations.evaluation.dataset import Progress
from recommendations.evaluation.offline import Answer, CannotBeReplayed, Question
from recommendations.evaluation.progress import Problems, telling
from recommendations.evaluation.report import as_table, write_json
from recommendations.evaluation.splits import NothingToAsk, Targets
from sdr.embedded import lifetime
from sdr.exceptions import Unavailable

EXAMPLES = """examples:
  manage.py evaluate --products hm.jsonl.gz --interactions hm.csv.gz --test-days 2 --novel
  manage.py evaluate --interactions rsc15_train.csv.gz --test rsc15_test.csv.gz --json rsc15.json
  manage.py evaluate --sessions diginetica_train.tsv.gz diginetica_test.tsv.gz
  manage.py evaluate --interactions rsc15_train.csv.gz --test rsc15_test.csv.gz --live --cases 500
"""
LIVE_CASES = 1000
WIDTH = 170  # where nobody looks on


class Command(BaseCommand):
    help = (
        "Compare popularity, item-kNN, session-kNN, each signal of the engine and its blend on a log of interactions: "
        "candidates are the whole catalogue. No shop's server is asked and nothing is written but --json. "
        "docs/evaluation.md has the definitions."
    )
    requires_system_checks: list[str] = []

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, epilog=EXAMPLES, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_data_arguments(parser)
        add_targets_argument(parser)
        parser.add_argument("--scorers", metavar="A,B", help="compare only these")
        parser.add_argument("--limit", "--cases", type=positive, metavar="N", help="ask N cases, drawn with --seed")
        parser.add_argument(
            "--live",
            action="store_true",
            help="replay the log through Kafka, the consumers and Redis too, on servers of this command's own, and ask "
            f"what is served, beside the offline figures (--cases {LIVE_CASES} unless said)",
        )
        parser.add_argument("--seed", type=int, default=0, help="of what is drawn (%(default)s)")
        parser.add_argument("--draws", type=int, default=1000, help="of the bootstrap; 0: no bounds (%(default)s)")
        parser.add_argument("--all-variants", action="store_true", help="let baselines list many of a variant group")
        parser.add_argument("--json", metavar="FILE", type=Path, help="write every figure there, as fractions")

    def handle(self, *args: Any, json: Path | None, **options: Any) -> None:
        console = Console(file=sys.stderr, highlight=False, markup=False, soft_wrap=True)
        question = Question(
            source=source_of(options),
            targets=Targets(options["targets"]),
            novel=options["novel"],
            scorers=tuple(options["scorers"].split(",")) if options["scorers"] else (),
            limit=options["limit"] or (LIVE_CASES if options["live"] else None),
            seed=options["seed"],
            n_draws=options["draws"],
            one_per_group=not options["all_variants"],
        )
        try:
            with telling(console) as tell:
                evaluate = _evaluate_live if options["live"] else offline.evaluate
                answer = evaluate(question, Problems(console).add, tell)
        except (BadFile, NothingToAsk, offline.UnknownScorer, CannotBeReplayed, Unavailable) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror or error}") from error
        table = Console(width=None if sys.stdout.isatty() else WIDTH, color_system=None)
        with table.capture() as printed:
            table.print(as_table(answer.rows, title=answer.title))
        self.stdout.write(printed.get())
        if json:
            write_json(json, answer.as_json())


def _evaluate_live(question: Question, on_problem: Callable[[str], None], on_progress: Progress) -> Answer:
    """Answer on servers that are this command's own and empty. What it stands on is loaded here, for it alone."""
    from recommendations.replay.evaluate import evaluate
    from sdr.accounts.models import DEFAULT_TENANT, Tenant

    if not lifetime.has_own_servers():
        raise CommandError("--live runs as `manage.py evaluate --live` alone, which starts servers of its own.")
    on_progress("migrate", 0, 1)
    call_command("migrate", verbosity=0)
    on_progress("migrate", 1, 1)
    return evaluate(Tenant.objects.get(slug=DEFAULT_TENANT), question, on_problem, on_progress)
