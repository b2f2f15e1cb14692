"""What a search found, for people."""

from collections.abc import Mapping

from rich.table import Table

from recommendations.tuning.offline import Tuned

_PERCENT = 100.0


def changes_table(changes: Mapping[str, tuple[float, float]], title: str = "Weights") -> Table:
    table = Table(title=title)
    table.add_column("field")
    for name in ("now", "found"):
        table.add_column(name, justify="right")
    for name, (before, after) in changes.items():
        table.add_row(name, f"{before:g}", f"{after:g}")
    return table


def verdict(tuned: Tuned) -> str:
    """Return one line that says how much better the weights are."""
    if not tuned.changes and not tuned.changes_of_making:
        return "Nothing better was found than the weights in force."
    gain, *bounds = (_PERCENT * part for part in tuned.gain)
    between = f" (95%: {bounds[0]:+.2f} to {bounds[1]:+.2f})" if bounds else ""
    cut_short = " The search was cut short." if tuned.is_cut_short else ""
    n = tuned.data["n_cases"]
    return f"{tuned.wish.metric}@20 {gain:+.2f} points{between} on {n:,} questions of other shoppers.{cut_short}"


def advice(tuned: Tuned) -> list[str]:
    """Return what no profile holds, and where it is set."""
    changes, lines = tuned.changes_of_making, []
    if days := changes.get("sequence_days"):
        lines.append(
            f"Set SEQUENCE_HALF_LIFE_DAYS={days[1]:g}, and learn anew: manage.py learn_sequences --from-archive."
        )
    if hours := changes.get("trend_hours"):
        lines.append(
            f"A trend that halves in {hours[1]:g} h would do better with these weights; it is fixed at {hours[0]:g} h."
        )
    return lines
