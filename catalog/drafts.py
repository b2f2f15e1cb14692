"""A product as a backend writes it: a row that is strict about names of fields, and looks for its category's place.

``category`` is a path ("Home > Kitchen") or just a name, which then stands wherever the tree has it; ``category_path``
is always a path. What an answer shows beyond a product's own fields may be sent back, and is ignored.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from catalog import cleaning
from catalog.categories import paths_by_name
from catalog.paths import PATH_SEPARATOR, leaf_name
from catalog.rows import ProductRow, decoded
from sdr.exceptions import InvalidInput

READ_ONLY = frozenset({"id", "revision", "created_at", "updated_at"})
MAX_PLACES_NAMED = 5
MAX_SKU_SHOWN = 100


class ProductDraft(ProductRow, kw_only=True, forbid_unknown_fields=True):
    """A :class:`ProductRow` whose category may still be a name without a place."""

    category_path: str | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.category_path is UNSET:
            return
        cleaning.refuse_nul("category_path", self.category_path)
        path = cleaning.category(self.category_path or "")
        if self.category is not UNSET and self.category not in {path, leaf_name(path)}:
            raise InvalidInput("category", f"{self.category!r} is not where category_path says: send one of them")
        self.category = self.category_path = path

    @property
    def names_its_category(self) -> bool:
        return bool(self.category) and self.category_path is UNSET and PATH_SEPARATOR not in str(self.category)


_STRICT = msgspec.json.Decoder(ProductDraft)
_FROM_TEXT = msgspec.json.Decoder(ProductDraft, strict=False)


def parse_fields(fields: Mapping[str, Any], *, from_text: bool = False) -> ProductDraft:
    """Return the draft; raises InvalidInput. ``from_text``: numbers may be text, as forms have them."""
    writable = {field: value for field, value in fields.items() if field not in READ_ONLY}
    return decoded(msgspec.json.encode(writable), _FROM_TEXT if from_text else _STRICT)


def place(tenant_id: int, drafts: Iterable[ProductDraft]) -> list[tuple[ProductDraft, InvalidInput | None]]:
    """Put each draft's category in its place in the tree; with it comes what is wrong where a name has several."""
    drafts = list(drafts)
    paths = paths_by_name(tenant_id, {str(draft.category) for draft in drafts if draft.names_its_category})
    return [(draft, _place(draft, paths.get(str(draft.category), []))) for draft in drafts]


def _place(draft: ProductDraft, paths: list[str]) -> InvalidInput | None:
    if not draft.names_its_category:
        return None
    if len(paths) > 1:
        places = ", ".join(paths[:MAX_PLACES_NAMED]) + (", …" if len(paths) > MAX_PLACES_NAMED else "")
        return InvalidInput("category", f"{draft.category!r} stands in several places; send category_path: {places}")
    draft.category = draft.category_path = paths[0] if paths else str(draft.category)
    return None


def readable_sku(fields: Mapping[str, Any]) -> str | None:
    """Return the SKU of a row that was not acceptable, None if that is what is wrong with it."""
    sku = fields.get("sku")
    if isinstance(sku, msgspec.Raw):
        sku = msgspec.json.decode(sku)
    return sku[:MAX_SKU_SHOWN] if isinstance(sku, str) else None
