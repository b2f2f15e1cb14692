"""What a search found, for people."""

from collections.abc import Mapping

from rich.table import Table

from recommendations.tuning.offline import Tuned

_PERCENT = 100.0


def changes_table(changes: Mapping[str, tuple[float, float]]) -> Table:
    table = Table(title="Weights")
    table.add_column("field")
    for name in ("now", "found"):
        table.add_column(name, justify="right")
    for name, (before, after) in changes.items():
        table.add_row(name, f"{before:g}", f"{after:g}")
    return table


def verdict(tuned: Tuned) -> str:
    """Return one line that says how much better the weights are."""
    if not tuned.changes:
        return "Nothing better was found than the weights in force."
    gain, *bounds = (_PERCENT * part for part in tuned.gain)
    between = f" (95%: {bounds[0]:+.2f} to {bounds[1]:+.2f})" if bounds else ""
    cut_short = " The search was cut short." if tuned.found.is_cut_short else ""
    n = tuned.data["n_cases"]
    return f"{tuned.wish.metric}@20 {gain:+.2f} points{between} on {n:,} questions of other shoppers.{cut_short}"
