"""How many recommendations one answer may hold."""

from sdr.exceptions import InvalidInput

MIN_LIMIT, MAX_LIMIT, DEFAULT_LIMIT = 1, 100, 5
# Enough of a wrong value to know it by.
_SHOWN_LENGTH = 20


def checked_limit(limit: int | str | None) -> int:
    """Return ``limit`` as a number, the default for None; raises InvalidInput unless it lies in 1–100."""
    if limit is None:
        return DEFAULT_LIMIT
    if type(limit) is int and MIN_LIMIT <= limit <= MAX_LIMIT:
        return limit
    text = str(limit)[:_SHOWN_LENGTH]
    # int() would also take "1_0" and " 5 ".
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not MIN_LIMIT <= number <= MAX_LIMIT:
        raise InvalidInput("limit", f"It must be a whole number from {MIN_LIMIT} to {MAX_LIMIT}, not {text!r}.")
    return number
