"""How the place of a category in its tree is spelled: "Home > Kitchen > Knives"."""

import re
from collections.abc import Container
from itertools import count

from django.utils.text import slugify

PATH_SEPARATOR = " > "
UNCATEGORISED = "Uncategorised"
MAX_NAME_LENGTH = 200
# A B-tree entry holds 2,704 bytes and a character takes up to four: longer paths could not be indexed.
MAX_PATH_LENGTH = 600
MAX_SLUG_LENGTH = 400


def split_path(text: str) -> list[str]:
    """Return the names from the root to the leaf; none for "" and for "Uncategorised"."""
    names = [name.strip() for name in re.split(">", text)] if text.strip() else []
    return [] if names == [UNCATEGORISED] else names


def join_path(names: list[str]) -> str:
    return PATH_SEPARATOR.join(names)


def leaf_name(path: str) -> str:
    return path.rpartition(PATH_SEPARATOR)[2]


def parent_path(path: str) -> str:
    """Return the path one step up, "" for a root."""
    return path.rpartition(PATH_SEPARATOR)[0]


def paths_to(path: str) -> list[str]:
    """Return the path of every step from the root down to ``path`` itself."""
    names = path.split(PATH_SEPARATOR)
    return [join_path(names[:depth]) for depth in range(1, len(names) + 1)]


def free_slug(path: str, taken: Container[str]) -> str:
    """Return a slug for ``path`` that is not ``taken``: "A > B" and "A-B" would both be "a-b"."""
    base = slugify(path.replace(PATH_SEPARATOR, "-"), allow_unicode=True)[: MAX_SLUG_LENGTH - 10] or "category"
    if base not in taken and base != UNCATEGORISED.lower():
        return base
    return next(slug for n in count(2) if (slug := f"{base}-{n}") not in taken)
