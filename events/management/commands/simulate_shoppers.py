"""`manage.py simulate_shoppers`: load that behaves like a shop's."""

import signal
import threading
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from events.simulation import reporting
from events.simulation.arguments import add_arguments, options_of
from events.simulation.opening import KAFKA, open_backlog, open_doors, refuse_unwanted_targets
from events.simulation.options import Options
from events.simulation.planning import planned, shoppers
from events.simulation.run import Run
from events.simulation.tally import Counts, Tally
from sdr.embedded.lifetime import require_kafka
from sdr.exceptions import SdrError

N_SHOWN_SESSIONS, N_SHOWN_ROWS = 5, 20

HELP = """Let simulated shoppers loose on a running SDR, or repeat recorded ones.

Sessions view, click, put into the cart, buy and rate products of the tenant's own catalogue: a few products are far
more popular than the rest, a session keeps to its category, users come back, and now and then one product is in
fashion. The same --seed gives the same stream. Events keep to their timetable whatever the receiver does: when it is
slow they are sent late, never fewer; "behind" says how late.

--replay FILE sends recorded interactions instead (CSV, gzipped or not, with the columns user_id, session_id, sku,
kind, occurred_at and optionally value; oldest first), as if they happened now: --speed-up keeps their gaps, divided
by it; without it they come at --rate.

The exit status is 0 only if every event was acknowledged (and every row of a replay could be read).
Ctrl-C ends the run; without --duration or --count nothing else does.
"""
EXAMPLES = """examples:
  manage.py simulate_shoppers --rate 200 --duration 60
  manage.py simulate_shoppers --via kafka --rate 5000 --surge 4
  manage.py simulate_shoppers --replay interactions.csv.gz --speed-up 600
  manage.py simulate_shoppers --dry-run --seed 7
"""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, epilog=EXAMPLES, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="print a few sessions (or rows) and send nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        asked, tally = options_of(options), Tally()
        try:
            if options["dry_run"]:
                self._show(asked, tally)
            else:
                self._send(asked, tally, options.get("stderr"))
        except SdrError as error:
            raise CommandError(str(error)) from error

    def _show(self, asked: Options, tally: Tally) -> None:
        if asked.replay:
            with planned(asked, tally, threading.Event()) as plan:
                for due in islice(plan, N_SHOWN_ROWS):
                    action = due.action
                    self.stdout.write(f"{due.seconds:10.3f} s  {action.shopper}  {action.kind} {action.sku}")
            return
        everybody = shoppers(asked)
        for _ in range(N_SHOWN_SESSIONS):
            actions = list(everybody.session())
            self.stdout.write(f"{actions[0].user_id or 'somebody'}, session {actions[0].session_id}")
            for action in actions:
                stars = "" if action.value is None else f" {action.value:g} stars"
                self.stdout.write(f"  {action.kind} {action.product_id}{stars}")

    def _send(self, asked: Options, tally: Tally, stderr: Any) -> None:
        if asked.via == KAFKA:
            require_kafka()
        refuse_unwanted_targets(asked)
        stopping = threading.Event()
        with planned(asked, tally, stopping) as plan:
            backlog = open_backlog(asked)
            run = Run(plan, open_doors(asked), tally, stopping)
            line = reporting.Line(tally, run.elapsed, backlog.n_events if backlog else lambda: None)
            try:
                with _set_by_signals(stopping), reporting.live(line, stderr):
                    run.run()
            finally:
                self.stdout.write(reporting.summary(tally, run.elapsed()))
                if backlog:
                    backlog.close()
        _refuse_success(tally.counts())


def _refuse_success(counts: Counts) -> None:
    if not counts.all_acknowledged:
        raise CommandError("Not every event was acknowledged.")
    if counts.n_skipped and not counts.n_sent:
        raise CommandError("Nothing of it is in the catalogue: run manage.py load_catalog, or give --keep-unknown.")


@contextmanager
def _set_by_signals(stopping: threading.Event) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the run; a second one then ends the process."""
    before = {signum: signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for signum, handler in before.items():
            signal.signal(signum, handler)

    def stop(_signum: int, _frame: FrameType | None) -> None:
        restore()
        stopping.set()

    for signum in before:
        signal.signal(signum, stop)
    try:
        yield
    finally:
        restore()
