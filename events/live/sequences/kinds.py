"""The kinds of following, spelled once. No Redis, no Django here."""

from enum import StrEnum


class Following(StrEnum):
    """In what way one product follows another within a session.

    ``VIEWED``: met a few steps later ("also viewed"). ``BOUGHT``: bought in the same session ("bought together").
    ``ENDED``: bought after the first was viewed ("what shoppers bought in the end").
    """

    VIEWED = "viewed"
    BOUGHT = "bought"
    ENDED = "ended"

    number: int
    """How packed values name it."""


NUMBERS = {kind: number for number, kind in enumerate(Following)}
BY_NUMBER = tuple(Following)
for _kind, _number in NUMBERS.items():
    _kind.number = _number  # an attribute: a page asks for it several times
