"""``manage.py evaluate``: how good are the lists, on any catalogue and log."""

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from events.simulation.replay import BadFile
from recommendations.evaluation import offline
from recommendations.evaluation.arguments import add_data_arguments, add_targets_argument, positive, source_of
from recommendations.evaluation.offline import Question
from recommendations.evaluation.progress import Problems, telling
from recommendations.evaluation.report import as_table, write_json
from recommendations.evaluation.splits import NothingToAsk, Targets

EXAMPLES = """examples:
  manage.py evaluate --products hm.jsonl.gz --interactions hm.csv.gz --test-days 2 --novel
  manage.py evaluate --interactions rsc15_train.csv.gz --test rsc15_test.csv.gz --json rsc15.json
  manage.py evaluate --sessions diginetica_train.tsv.gz diginetica_test.tsv.gz
"""
WIDTH = 170  # where nobody looks on


class Command(BaseCommand):
    help = (
        "Compare popularity, item-kNN, session-kNN, each signal of the engine and its blend on a log of interactions: "
        "candidates are the whole catalogue. No server is asked and nothing is written but --json. "
        "docs/evaluation.md has the definitions."
    )
    requires_system_checks: list[str] = []

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, epilog=EXAMPLES, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_data_arguments(parser)
        add_targets_argument(parser)
        parser.add_argument("--scorers", metavar="A,B", help="compare only these")
        parser.add_argument("--limit", type=positive, metavar="N", help="ask N cases, drawn with --seed")
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
            limit=options["limit"],
            seed=options["seed"],
            n_draws=options["draws"],
            one_per_group=not options["all_variants"],
        )
        try:
            with telling(console) as tell:
                answer = offline.evaluate(question, Problems(console).add, tell)
        except (BadFile, NothingToAsk, offline.UnknownScorer) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror or error}") from error
        table = Console(width=None if sys.stdout.isatty() else WIDTH, color_system=None)
        with table.capture() as printed:
            table.print(as_table(answer.rows, title=answer.title))
        self.stdout.write(printed.get())
        if json:
            write_json(json, answer.as_json())
