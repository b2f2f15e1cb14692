"""The figures in the documentation: kept as JSON beside it, and written into it as one table, bench by bench."""

import json
import os
from dataclasses import asdict
from typing import Any

from benchmarks import BASE_DIR, Figure

FIGURES, PAGE = BASE_DIR / "docs" / "benchmarks.json", BASE_DIR / "docs" / "benchmarks.md"
BEGIN, END = "<!-- figures: `make bench WRITE=1` writes them -->", "<!-- end of the figures -->"


def keep(figures: list[Figure], measured_at: str, machine: dict[str, str], seconds: dict[str, float]) -> None:
    """Replace what is kept of the benches that have ``figures``, and write the table anew; the others' stay.

    ``seconds``: how long each bench took.
    """
    kept = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    for name in dict.fromkeys(figure.bench for figure in figures):
        own = [asdict(figure) for figure in figures if figure.bench == name]
        for figure in own:
            del figure["bench"]
        load = round(os.getloadavg()[2], 1)
        took = round(seconds.get(name, 0.0), 1)
        kept[name] = {"measured_at": measured_at, "machine": machine, "load": load, "seconds": took, "figures": own}
    FIGURES.write_text(json.dumps(dict(sorted(kept.items())), indent=1) + "\n")
    PAGE.write_text(with_figures(PAGE.read_text(), kept))


def with_figures(page: str, kept: dict[str, Any]) -> str:
    """Return ``page`` with the table between its two marks made from what is ``kept``."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{as_markdown(kept)}\n{END}{after}"


def as_markdown(kept: dict[str, Any]) -> str:
    lines = []
    for name, run in sorted(kept.items()):
        where = ", ".join(run["machine"].values())
        took = f"; took {run['seconds']:.0f} s" if run.get("seconds") else ""
        lines += [
            f"**{name}**, {run['measured_at'][:10]}, {where}; load over a quarter of an hour {run['load']}{took}",
            "",
            "| figure | value | ratio | to, or what limits it |",
            "|---|---|---|---|",
        ]
        for figure in run["figures"]:
            ratio = "" if figure["ratio"] is None else f"{figure['ratio']:.2f}"
            value = f"{readable(figure['value'])} {figure['unit']}"
            lines.append(f"| {figure['name']} | {value} | {ratio} | {figure['limit']} |")
        lines.append("")
    return "\n".join(lines)


def readable(value: float) -> str:
    """Return three digits that matter, and no exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004
