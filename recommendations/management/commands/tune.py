"""``manage.py tune``: which weights suit this shop, by its own log."""

import sys
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from events.simulation.replay import BadFile
from recommendations import profiles
from recommendations.engine.feature_parameters import FeatureParameters
from recommendations.engine.weights import ScoringWeights
from recommendations.evaluation.arguments import add_data_arguments, positive, source_of
from recommendations.evaluation.progress import Problems, telling
from recommendations.evaluation.report import as_table, write_json
from recommendations.evaluation.splits import NothingToAsk
from recommendations.profiles import Numbers
from recommendations.tuning import offline
from recommendations.tuning.making import Making, Search
from recommendations.tuning.offline import Tuned, Wish
from recommendations.tuning.report import advice, changes_table, verdict
from recommendations.tuning.search import NoOptimiser
from recommendations.tuning.sheet import Metric
from recommendations.tuning.space import DIALS
from sdr.accounts.models import Tenant, User
from sdr.exceptions import Conflict

EXAMPLES = """examples:
  manage.py tune --products hm.jsonl.gz --interactions hm.csv.gz --test-days 2 --novel
  manage.py tune --sessions diginetica_train.tsv.gz diginetica_test.tsv.gz --novel --json found.json
  manage.py tune --products hm.jsonl.gz --interactions hm.csv.gz --test-days 2 --novel --search blend,half_lives,fields
  manage.py tune --products shop.csv --interactions log.csv --test-days 7 --novel --tenant default --save --as admin
"""
WIDTH = 170  # where nobody looks on


class Command(BaseCommand):
    help = (
        "Search the weights of a scoring profile on a validation part of a log, cut from before its test part; "
        "nothing is asked of the test part. Nothing is written without --save. Ctrl-C ends the search with the best so "
        "far. docs/tuning.md has the method."
    )
    requires_system_checks: list[str] = []

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, epilog=EXAMPLES, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = ",".join(dial.name for dial in DIALS)
        add_data_arguments(parser)
        parser.add_argument(
            "--search", metavar="A,B", type=_search, default=(Search.BLEND,),
            help=f"what to search, of {','.join(Search)} (blend)",
        )  # fmt: skip
        parser.add_argument("--dials", metavar="A,B", type=_dials, default=(), help=f"turn only these of {names}")
        parser.add_argument(
            "--metric", choices=list(Metric), default=Metric.NDCG, type=Metric, help="at 20 places (%(default)s)"
        )
        parser.add_argument("--trials", type=positive, default=150, metavar="N", help="weights to try (%(default)s)")
        parser.add_argument(
            "--questions", type=positive, default=4000, metavar="N",
            help="ask so many at most to search with, and again so many of other shoppers to check with (%(default)s)",
        )  # fmt: skip
        parser.add_argument(
            "--remakes", type=positive, default=20, metavar="N",
            help="half-lives to try, and as many weights of fields: each makes signals anew (%(default)s)",
        )  # fmt: skip
        parser.add_argument(
            "--sample", type=positive, default=1000, metavar="N", help="questions asked in each of these (%(default)s)"
        )
        parser.add_argument("--seed", type=int, default=0, help="of all that is drawn (%(default)s)")
        parser.add_argument("--draws", type=int, default=1000, help="of the bootstrap; 0: no bounds (%(default)s)")
        parser.add_argument("--json", metavar="FILE", type=Path, help="write every figure there, as fractions")
        parser.add_argument("--tenant", metavar="SLUG", help="begin with this tenant's profile; without: the defaults")
        parser.add_argument("--save", action="store_true", help="write what was found to the profile of --tenant")
        parser.add_argument("--replace", action="store_true", help="even if somebody has chosen the weights there")
        parser.add_argument(
            "--as", dest="username", metavar="USER", help="the member of staff who saves, for the history"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console(file=sys.stderr, highlight=False, markup=False, soft_wrap=True)
        tenant = _tenant(options["tenant"])
        editor = _editor(options, tenant)
        tuned = _tuned(_wish(options, tenant), console)
        self._print(tuned)
        if options["json"]:
            write_json(options["json"], tuned.as_json())
        if tenant and editor:
            self._save(tuned, tenant, editor, replace=options["replace"])

    def _print(self, tuned: Tuned) -> None:
        table = Console(width=None if sys.stdout.isatty() else WIDTH, color_system=None)
        files = ", ".join(tuned.data["files"])
        with table.capture() as printed:
            table.print(as_table(tuned.rows, title=f"{files}: validation, {tuned.data['n_cases']:,} cases"))
            if tuned.changes:
                table.print(changes_table(tuned.changes))
            if tuned.changes_of_making:
                table.print(changes_table(tuned.changes_of_making, title="What signals are made with"))
        self.stdout.write(printed.get())
        self.stdout.write("\n".join([verdict(tuned), *advice(tuned)]))

    def _save(self, tuned: Tuned, tenant: Tenant, editor: User, *, replace: bool) -> None:
        found, found_from = (
            Numbers(weights, made.features())
            for weights, made in ((tuned.found.weights, tuned.made), (tuned.wish.start, tuned.wish.made))
        )
        if found == found_from or tuned.gain[0] <= 0:
            raise CommandError("Nothing is saved: it is no better on shoppers whom the search did not see.")
        files = ", ".join(tuned.data["files"])
        why = f"Tuned on {files}. {verdict(tuned)}"
        try:
            profiles.save(tenant, found, found_from=found_from, by=editor, why=why, replace=replace)
        except Conflict as error:
            raise CommandError(f"Nothing is saved. {error.message} (--replace)") from error
        when = "it serves within a second" + (
            ", texts with the next index" if found.features != found_from.features else ""
        )
        self.stdout.write(f"Saved to the profile of {tenant.slug}: {when}.")


def _wish(options: dict[str, Any], tenant: Tenant | None) -> Wish:
    features = profiles.features_of(tenant) if tenant else FeatureParameters()
    return Wish(
        source=source_of(options),
        novel=options["novel"],
        search=options["search"],
        start=profiles.weights_of(tenant) if tenant else ScoringWeights(),
        made=Making(sequence_days=settings.SEQUENCE_HALF_LIFE_DAYS, **features.field_weights),
        dials=options["dials"],
        metric=options["metric"],
        n_questions=options["questions"],
        n_sampled=options["sample"],
        n_trials=options["trials"],
        n_remade=options["remakes"],
        seed=options["seed"],
        n_draws=options["draws"],
    )


def _tuned(wish: Wish, console: Console) -> Tuned:
    try:
        with telling(console) as tell:
            return offline.tune(
                wish,
                Problems(console).add,
                tell,
                lambda n, _value, best: tell(f"trials, best {wish.metric}@20 {best:.4f}", n, wish.n_trials),
            )
    except (BadFile, NothingToAsk, NoOptimiser) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror or error}") from error


def _tenant(slug: str | None) -> Tenant | None:
    if slug is None:
        return None
    tenant = Tenant.objects.filter(slug=slug, is_active=True).first()
    if tenant is None:
        raise CommandError(f"There is no active tenant {slug!r}.")
    return tenant


def _editor(options: dict[str, Any], tenant: Tenant | None) -> User | None:
    """Return who saves, None if nobody does. Asked before the search: it takes minutes."""
    if not options["save"]:
        return None
    if tenant is None or not options["username"]:
        raise CommandError("--save needs --tenant SLUG, and --as USER for the profile's history.")
    user = User.objects.filter(username=options["username"], is_staff=True, is_active=True).first()
    may = user is not None and user.has_perms([f"recommendations.{verb}_scoringprofile" for verb in ("add", "change")])
    if user is None or not may or not (user.is_superuser or user.tenant_id == tenant.pk):
        raise CommandError(f"{options['username']!r} is nobody who may edit the profile of {tenant.slug}.")
    return user


def _search(text: str) -> tuple[Search, ...]:
    names = text.split(",")
    if unknown := [name for name in names if name not in list(Search)]:
        raise ArgumentTypeError(f"nothing to search: {', '.join(unknown)}")
    return tuple(what for what in Search if what in names)


def _dials(text: str) -> tuple[str, ...]:
    names, known = tuple(text.split(",")), [dial.name for dial in DIALS]
    if unknown := [name for name in names if name not in known]:
        raise ArgumentTypeError(f"no such dial: {', '.join(unknown)}")
    return names
