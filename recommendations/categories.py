"""Categories by what people and programs call them."""

from collections.abc import Sequence
from functools import lru_cache

from recommendations.index.artifact import CategoryEntry
from recommendations.index.index import Index
from sdr.exceptions import InvalidInput


def named(index: Index, text: str) -> tuple[int, ...]:
    """Return the places of all categories whose slug, path or name is ``text``; raises InvalidInput for a stranger.

    As in the list of products, case does not matter in paths and names, and a name may stand at several places.
    """
    names = _names(_Same(index.categories))
    places = {*names.by_slug.get(text, ()), *names.by_text.get(text.casefold(), ())}
    if not places:
        raise InvalidInput("category", f"There is no category {text!r}.")
    return tuple(sorted(places))


def with_slugs(index: Index, slugs: Sequence[str]) -> tuple[int, ...]:
    """Return the places of those ``slugs`` that there are."""
    by_slug = _names(_Same(index.categories)).by_slug
    return tuple(place for slug in slugs for place in by_slug.get(slug, ()))


class _Names:
    def __init__(self, categories: Sequence[CategoryEntry]) -> None:
        self.by_slug: dict[str, list[int]] = {}
        self.by_text: dict[str, list[int]] = {}
        for place, entry in enumerate(categories[:-1]):  # the last one is the whole shop, which has no name
            self.by_slug.setdefault(entry.slug, []).append(place)
            for text in {entry.path.casefold(), entry.name.casefold()}:
                self.by_text.setdefault(text, []).append(place)


class _Same:
    """A sequence as a key: the same one, not an equal one, because comparing costs more than looking up saves."""

    __slots__ = ("entries",)

    def __init__(self, entries: Sequence[CategoryEntry]) -> None:
        self.entries = entries

    def __hash__(self) -> int:
        return id(self.entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.entries is other.entries


@lru_cache(maxsize=32)  # each entry keeps its sequence alive, so that no other can take its place in memory
def _names(categories: _Same) -> _Names:
    return _Names(categories.entries)
