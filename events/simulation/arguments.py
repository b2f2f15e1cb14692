"""The command line of a run."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings

from events.simulation.habits import Habits
from events.simulation.opening import KAFKA, REST
from events.simulation.options import Options
from events.simulation.timetable import MAX_SURGE
from sdr.accounts.models import DEFAULT_TENANT


def add_arguments(parser: ArgumentParser) -> None:
    _add_target(parser.add_argument_group("where to"))
    _add_pace(parser.add_argument_group("how much"))
    _add_shoppers(parser.add_argument_group("who"))
    _add_replay(parser.add_argument_group("recorded shoppers"))


def options_of(arguments: Mapping[str, Any]) -> Options:
    return Options(
        habits=Habits(exponent=arguments["exponent"], loyalty=arguments["loyalty"]),
        **{name: arguments[name] for name in Options.__dataclass_fields__ if name in arguments},
    )


def _add_target(group: Any) -> None:
    group.add_argument("--via", choices=(REST, KAFKA), default=REST, help="default: %(default)s")
    url = f"http://127.0.0.1:{settings.PORT}"
    group.add_argument("--url", default=url, help="of the REST door (default: %(default)s)")
    group.add_argument("--tenant", default=DEFAULT_TENANT, help="whose shoppers and catalogue (default: %(default)s)")
    group.add_argument("--api-key", help="for REST; without one, calls from this machine are the default tenant's")
    group.add_argument("--connections", type=_whole, default=4, metavar="N", help="default: %(default)s")
    group.add_argument("--allow-remote", action="store_true", help="send to other machines too; this makes load")


def _add_pace(group: Any) -> None:
    group.add_argument("--rate", type=_above(0), default=100.0, help="events a second (default: %(default)s)")
    surge = f"1–{MAX_SURGE:g}: so many times the rate in the first second of every ten, less in the others"
    group.add_argument("--surge", type=_between(1, MAX_SURGE), default=1.0, metavar="FACTOR", help=surge)
    group.add_argument("--duration", dest="duration_seconds", type=_above(0), metavar="SECONDS")
    group.add_argument("--count", type=_whole, help="events in all")


def _add_shoppers(group: Any) -> None:
    group.add_argument("--seed", type=_whole_or_zero, default=0, help="default: %(default)s")
    skew = "of the popularity: rank^−E; 0 makes all products alike (default: %(default)s)"
    group.add_argument("--exponent", type=_between(0, 5), default=Habits().exponent, metavar="E", help=skew)
    loyalty = "probability to stay within the session's category (default: %(default)s)"
    group.add_argument("--loyalty", type=_between(0, 1), default=Habits().loyalty, metavar="P", help=loyalty)
    group.add_argument(
        "--products", dest="n_products", type=_whole, default=20_000, help="at most; a sample of so many"
    )


def _add_replay(group: Any) -> None:
    group.add_argument("--replay", metavar="FILE", help="CSV, or gzipped CSV; - for standard input")
    group.add_argument("--speed-up", type=_above(0), metavar="N", help="N times as fast as recorded (else: --rate)")
    unknown = "send rows whose SKU the catalogue lacks too; they are counted and left out otherwise"
    group.add_argument("--keep-unknown", action="store_true", help=unknown)


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError("must be a whole number from 1")
    return int(text)


def _whole_or_zero(text: str) -> int:
    return 0 if text == "0" else _whole(text)


def _between(low: float, high: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        if not low <= float(text) <= high:
            raise ArgumentTypeError(f"must lie between {low:g} and {high:g}")
        return float(text)

    return number


def _above(low: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        if not low < float(text) < float("inf"):
            raise ArgumentTypeError(f"must be above {low:g}")
        return float(text)

    return number
