"""What a benchmark is given, and what it leaves: `python -m benchmarks` runs every module of this package."""

import os
from dataclasses import dataclass, field
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent


class Skipped(Exception):
    """The bench cannot run on this machine; the text says what it lacks."""


@dataclass(frozen=True)
class Figure:
    """One thing measured. ``ratio``: to what ``limit`` names, a bare tool or a promise; None where there is none."""

    bench: str
    name: str
    value: float
    unit: str
    ratio: float | None
    limit: str


@dataclass
class Bench:
    """One run of one module's ``run(bench)``. Postgres and Valkey are there, migrated, and nobody else's.

    ``is_full``: take the time that it takes; otherwise all benches together shall take about five minutes.
    """

    name: str
    figures: list[Figure] = field(default_factory=list)
    is_full: bool = False

    @property
    def data_dir(self) -> Path:
        """Where the real data sets are; the bench is skipped where they are not."""
        directory = Path(os.environ.get("SDR_DATA", BASE_DIR.parent / "shared" / "data"))
        if not directory.is_dir():
            raise Skipped("No data sets here: SDR_DATA names their directory")
        return directory

    def record(self, name: str, value: float, unit: str, ratio: float | None = None, limit: str = "") -> None:
        self.figures.append(Figure(self.name, name, float(value), unit, ratio, limit))
