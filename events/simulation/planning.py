"""From what was asked for to the plan of a run."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile

from catalog.importing.source import open_source
from events.simulation import catalogue
from events.simulation.actions import Action, Due
from events.simulation.options import Options
from events.simulation.replay import BadFile, known_only, read_rows
from events.simulation.shelf import Shelf
from events.simulation.shoppers import Shoppers
from events.simulation.tally import Tally
from events.simulation.timetable import Timetable, as_recorded, limited
from sdr.exceptions import NotFound


@contextmanager
def planned(options: Options, tally: Tally, stopping: threading.Event) -> Iterator[Iterator[Due]]:
    """Open the plan; rows of a replay that are not sent are counted in ``tally``. Raises NotFound or BadFile.

    ``stopping`` ends it also where many rows on end are none to send.
    """
    with _replayed(options, tally, stopping) if options.replay else _simulated(options) as plan:
        yield limited(plan, count=options.count, duration_seconds=options.duration_seconds)


def shoppers(options: Options) -> Shoppers:
    """Return shoppers for the tenant's own catalogue; raises NotFound where there is nothing to buy."""
    products = catalogue.sample(catalogue.tenant_id(options.tenant), options.n_products, seed=options.seed)
    if not products:
        raise NotFound(f"The catalogue of {options.tenant!r} is empty: run manage.py load_catalog first.")
    shelf = Shelf(products, exponent=options.habits.exponent, seed=options.seed)
    return Shoppers(shelf, options.habits, seed=options.seed)


@contextmanager
def _simulated(options: Options) -> Iterator[Iterator[Due]]:
    yield _timetable(options).plan(shoppers(options))


@contextmanager
def _replayed(options: Options, tally: Tally, stopping: threading.Event) -> Iterator[Iterator[Due]]:
    tenant_id = catalogue.tenant_id(options.tenant)
    try:
        with open_source(options.replay or "") as source:
            rows = takewhile(lambda _: not stopping.is_set(), read_rows(source, tally.bad))
            wanted = rows if options.keep_unknown else known_only(rows, tenant_id, tally.skipped)
            yield _timed(options, ((row.at_seconds, row.action) for row in wanted))
    except FileNotFoundError as error:
        raise BadFile(f"There is no file {options.replay!r}.") from error


def _timed(options: Options, recorded: Iterator[tuple[float, Action]]) -> Iterator[Due]:
    if options.speed_up is not None:
        return as_recorded(recorded, speed_up=options.speed_up)
    return _timetable(options).plan(action for _, action in recorded)


def _timetable(options: Options) -> Timetable:
    return Timetable(options.rate, options.surge)
