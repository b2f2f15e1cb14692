"""An index as requests see it: the engine's objects over a mapped artifact, and the cards to answer with."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from recommendations.engine.catalogue import Catalogue, CategoryTree
from recommendations.engine.similarity import Similarity
from recommendations.engine.vocabulary import Vocabulary
from recommendations.index.artifact import Artifact, BadArtifact, CategoryEntry, open_artifact
from recommendations.index.cards import Cards, SkuRows


@dataclass(frozen=True, slots=True)
class Index:
    """One version, immutable, with or without what was edited since (see ``overlay``).

    ``categories``: in the tree's order. ``skus``: the newest first. ``artifact``: what the version was built with.
    """

    version: str
    catalogue: Catalogue
    similarity: Similarity
    cards: Cards
    skus: tuple[SkuRows, ...]
    categories: Sequence[CategoryEntry]
    artifact: Artifact

    def row_of(self, product_id: int | None, sku: str | None) -> int | None:
        """Return the row of the product with this id, or else this SKU; None if it is not here."""
        if product_id is not None:
            return self.catalogue.vocabulary.row_of(product_id)
        return None if sku is None else self._row_of_sku(sku)

    def _row_of_sku(self, sku: str) -> int | None:
        for row in (row for known in self.skus for row in known.candidates(sku)):
            card = orjson.loads(self.card(row))
            # A deleted product keeps its row and its card.
            if card["sku"] == sku and self.catalogue.vocabulary.row_of(card["id"]) == row:
                return row
        return None

    def card(self, row: int) -> bytes:
        """Return the product in ``row`` as JSON, ready to send."""
        return self.cards.of(row)

    def category_of(self, row: int) -> CategoryEntry:
        return self.categories[self.catalogue.categories.item(row)]

    def categories_named(self, text: str) -> list[int]:
        """Return the places of the categories whose slug, path or name is ``text``."""
        known = self.categories[:-1]  # the last one is the whole shop, which has no name
        return [place for place, entry in enumerate(known) if text in {entry.slug, entry.path, entry.name}]


def load_index(directory: Path, *, tenant: str, checksum: str | None = None) -> Index:
    """Open the artifact in ``directory``; raises BadArtifact."""
    artifact = open_artifact(directory, tenant=tenant, checksum=checksum)
    try:
        return index_of(artifact)
    except KeyError as error:
        raise BadArtifact(f"It lacks the array {error}.") from error


def index_of(artifact: Artifact) -> Index:
    a = artifact.arrays
    return Index(
        version=artifact.manifest.version,
        catalogue=_catalogue(artifact),
        similarity=_similarity(artifact),
        cards=Cards(a["card_starts"][:-1], a["card_starts"][1:], (artifact.cards,)),
        skus=(SkuRows(a["sku_hashes"], a["sku_rows"]),),
        categories=artifact.manifest.categories,
        artifact=artifact,
    )


def _catalogue(artifact: Artifact) -> Catalogue:
    a = artifact.arrays
    return Catalogue(
        vocabulary=Vocabulary(a["product_ids"]),
        groups=a["groups"],
        group_starts=a["group_starts"],
        group_rows=a["group_rows"],
        categories=a["categories"],
        tree=CategoryTree(a["tree_parents"], a["tree_ends"]),
        prices=a["prices"],
        ratings=a["ratings"],
        in_stock=a["in_stock"],
        is_active=a["is_active"],
        best_rated=a["best_rated"],
        newest=a["newest"],
        mean_rating=artifact.manifest.mean_rating,
    )


def _similarity(artifact: Artifact) -> Similarity:
    a = artifact.arrays
    return Similarity(
        neighbour_ids=a["neighbour_ids"],
        neighbour_scores=a["neighbour_scores"],
        indptr=a["vector_indptr"],
        indices=a["vector_indices"],
        data=a["vector_data"],
        n_terms=artifact.manifest.n_terms,
    )
