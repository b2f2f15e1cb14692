"""`python -m benchmarks`: every bench on throw-away servers, a table of figures, and JSON for who compares them."""

import argparse
import ast
import importlib
import json
import os
import platform
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks import Bench, Figure, Skipped, _document
from sdr.embedded import engines

HERE = Path(__file__).parent
# Of the table where no terminal says how wide it is.
WIDTH = 160
# In this order: the live state is empty, then H&M is loaded, indexed and asked, and last its archive grows.
QUICK = (
    "consume_clicks",
    "catalog_load",
    "index_build",
    "index_growth",
    "fold_in",
    "recommend",
    "rest",
    "grpc",
    "freshness",
    "recovery",
    "archive_events",
)
# `overlay` is the last: it edits the catalogue that the others ask about.
LONG = (
    "learn_sequences",
    "freshness_sequences",
    "live_state_memory",
    "grpc_processes",
    "under_change",
    "overlay",
)
ENGINES = ("postgres", "valkey", "kafka")
SETTINGS = {
    # Empty is stronger than unset: a developer's .env must not lead a bench to real servers.
    "DATABASE_URL": "",
    "REDIS_URL": "",
    "REDIS_HOST": "",
    "KAFKA_BOOTSTRAP_SERVERS": "",
    "DEBUG": "0",  # with 1, Django would keep every query it made
    "ALLOWED_HOSTS": "*",
    "LOG_LEVEL": "warning",
    "LOG_FORMAT": "console",
    "DJANGO_SETTINGS_MODULE": "sdr.settings",
}


@dataclass
class Report:
    """What a run found: figures, and by name how long each bench took, and why one gave none."""

    figures: list[Figure] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def main() -> int:
    benches = found_benches()
    arguments = parsed_arguments(benches)
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    if arguments.list:
        for name, summary in benches.items():
            console.print(f"[bold]{name}[/]  {'' if name in QUICK else '(FULL=1) '}{summary}", highlight=False)
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that `kill` cleans up as Ctrl-C does
    console.print(", ".join(f"{value}" for value in machine().values()), highlight=False)
    with console.status("Starting Postgres, Valkey and a broker") as status, throw_away_servers():
        report = Report()
        for name in arguments.only or chosen(benches, is_full=arguments.full):
            status.update(f"{name}: {benches[name]}")
            run_one(Bench(name, is_full=arguments.full), report, console)
    show(report, console)
    if arguments.json:
        arguments.json.write_text(json.dumps(as_json(report), indent=1) + "\n")
    if arguments.write:
        _document.keep(report.figures, measured_at(), machine(), report.seconds)
    return 1 if report.failed else 0


def found_benches() -> dict[str, str]:
    """Return the first line of each bench's docstring by name; nothing is imported, for that takes settings."""
    paths = sorted(path for path in HERE.glob("*.py") if not path.name.startswith("_"))
    docstrings = {path.stem: ast.get_docstring(ast.parse(path.read_text())) or "" for path in paths}
    return {name: docstring.partition("\n")[0] for name, docstring in docstrings.items()}


def chosen(benches: Iterable[str], *, is_full: bool) -> list[str]:
    """Return which benches run, in their order."""
    return [name for name in ((*QUICK, *LONG) if is_full else QUICK) if name in benches]


def parsed_arguments(benches: dict[str, str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure SDR on this machine.")
    parser.add_argument("--only", metavar="NAME", action="append", choices=benches, help="one bench; may be repeated")
    parser.add_argument("--full", action="store_true", help="also the benches that take long, and more of each")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there, too")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/benchmarks.md, too")
    parser.add_argument("--list", action="store_true", help="show the benches and end")
    return parser.parse_args()


@contextmanager
def throw_away_servers() -> Iterator[None]:
    """Servers of this run's own in a temporary directory, with every migration applied."""
    var_dir = Path(tempfile.mkdtemp(prefix="sdr-bench-"))
    var_dir.chmod(0o711)  # when we are root, Postgres runs under another account and must get through
    os.environ.update(SETTINGS, VAR_DIR=str(var_dir), SECRET_KEY=secrets.token_urlsafe(50))
    try:
        engines.acquire(var_dir, ENGINES, command="benchmarks")
        migrate()
        yield
    finally:
        engines.release(var_dir, regardless=True)
        shutil.rmtree(var_dir)


def migrate() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def run_one(bench: Bench, report: Report, console: Console) -> None:
    """Run one bench; what goes wrong in it is reported and does not keep the others from running."""
    name, began = bench.name, time.monotonic()
    try:
        importlib.import_module(f"benchmarks.{name}").run(bench)
    except Skipped as reason:
        report.skipped[name] = str(reason)
    except Exception as error:  # noqa: BLE001  whatever it is
        report.failed[name] = f"{type(error).__name__}: {error}"
        console.print_exception()
    report.figures += bench.figures
    report.seconds[name] = time.monotonic() - began


def show(report: Report, console: Console) -> None:
    table = Table("bench", "figure", "value", "unit", "ratio", "to, or what limits it")
    for column in (2, 4):
        table.columns[column].justify = "right"
    told = ""
    for figure in report.figures:
        if figure.bench != told:
            table.add_section()
            took = report.seconds.get(figure.bench, 0.0)
            table.add_row(figure.bench, "took", _document.readable(took), "s", "", "set-up included", style="bold")
            told = figure.bench
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        table.add_row("", figure.name, _document.readable(figure.value), figure.unit, ratio, figure.limit)
    if report.figures:
        console.print(table)
        console.print(f"All together: {sum(report.seconds.values()):.0f} s", highlight=False)
    for name, reason in report.skipped.items():
        console.print(f"{name} was skipped. {reason}.", style="yellow", highlight=False)
    for name, reason in report.failed.items():
        console.print(f"{name} failed. {reason}", style="red", highlight=False, markup=False)


def machine() -> dict[str, str]:
    """Return what figures depend on."""
    return {
        "cores": f"{psutil.cpu_count()} cores",
        "cpu": cpu_model(),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GB",
        "python": f"Python {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
    }


def cpu_model() -> str:
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or "unknown CPU"


def as_json(report: Report) -> dict[str, object]:
    return {"measured_at": measured_at(), "machine": machine(), **asdict(report)}


def measured_at() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    sys.exit(main())
