"""How many recommendations one answer may hold."""

from sdr.exceptions import InvalidInput

MIN_LIMIT, MAX_LIMIT, DEFAULT_LIMIT = 1, 100, 5


def checked_limit(limit: int | str | None) -> int:
    """Return ``limit`` as a number, the default for None; raises InvalidInput unless it lies in 1–100."""
    if limit is None:
        return DEFAULT_LIMIT
    try:
        number = int(limit)
    except ValueError:
        number = 0
    if not MIN_LIMIT <= number <= MAX_LIMIT:
        raise InvalidInput("limit", f"It must be a whole number from {MIN_LIMIT} to {MAX_LIMIT}, not {limit!r}.")
    return number
