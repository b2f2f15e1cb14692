"""What evaluate and tune are told on the command line, and what of it does not go together."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management import CommandError

from recommendations.evaluation.dataset import Cut, Source
from recommendations.evaluation.splits import Targets


def add_data_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--products", metavar="FILE", help="the catalogue: JSON Lines or CSV, as load_catalog takes it")
    parser.add_argument("--interactions", metavar="FILE", help="CSV: user_id, session_id, sku, kind, occurred_at")
    parser.add_argument("--test-days", type=positive, metavar="N", help="ask for the last N days of the log (UTC)")
    parser.add_argument("--last", action="store_true", help="ask for the last interaction of each shopper")
    parser.add_argument("--test", metavar="FILE", help="ask for the interactions of this file")
    parser.add_argument(
        "--sessions", nargs=2, metavar=("TRAIN", "TEST"), help="click sessions: id, a tab, items with spaces"
    )
    parser.add_argument(
        "--novel",
        action="store_true",
        help="ask only for products the shopper has not just seen, and recommend none that the shopper has",
    )


def add_targets_argument(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--targets",
        choices=[targets.value for targets in Targets],
        default=Targets.NEXT.value,
        help="next: each interaction, from all before it; rest: all of a shopper's test part at once (%(default)s)",
    )


def source_of(options: dict[str, Any]) -> Source:
    """Return what is to be read; raises CommandError for arguments that do not go together."""
    products, log, sessions = options["products"], options["interactions"], options["sessions"]
    if (log is None) == (sessions is None):
        raise CommandError("Say either --interactions FILE or --sessions TRAIN TEST.")
    cuts = {
        Cut.DAYS: options["test_days"] is not None, Cut.LAST: options["last"], Cut.FILE: options["test"] is not None
    }  # fmt: skip
    if sessions is not None:
        if any(cuts.values()):
            raise CommandError("--sessions names the test part itself: leave out --test-days, --last and --test.")
        return Source(Cut.SESSIONS, sessions[0], sessions[1], products)
    chosen = [cut for cut, is_chosen in cuts.items() if is_chosen]
    if len(chosen) != 1:
        raise CommandError("Say one of --test-days N, --last and --test FILE with --interactions.")
    return Source(chosen[0], log, options["test"], products, options["test_days"] or 1)


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError("must be a whole number from 1")
    return int(text)
