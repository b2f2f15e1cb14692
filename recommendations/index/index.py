"""An index as requests see it: the engine's objects over a mapped artifact, and the cards to answer with."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from recommendations.engine.catalogue import Catalogue, CategoryTree
from recommendations.engine.similarity import Similarity
from recommendations.engine.vocabulary import Vocabulary
from recommendations.index.artifact import Artifact, BadArtifact, CategoryEntry, open_artifact
from recommendations.index.reading import sku_hash


@dataclass(frozen=True, slots=True)
class Index:
    """One version, immutable."""

    version: str
    catalogue: Catalogue
    similarity: Similarity
    artifact: Artifact

    def row_of(self, product_id: int | None, sku: str | None) -> int | None:
        """Return the row of the product with this id, or else this SKU; None if it is not here."""
        if product_id is not None:
            return self.catalogue.vocabulary.row_of(product_id)
        return None if sku is None else self._row_of_sku(sku)

    def _row_of_sku(self, sku: str) -> int | None:
        hashes, wanted = self.artifact.arrays["sku_hashes"], sku_hash(sku)
        first, last = np.searchsorted(hashes, wanted, "left"), np.searchsorted(hashes, wanted, "right")
        for row in self.artifact.arrays["sku_rows"][first:last].tolist():
            if orjson.loads(self.card(row))["sku"] == sku:
                return int(row)
        return None

    def card(self, row: int) -> bytes:
        """Return the product in ``row`` as JSON, ready to send."""
        starts = self.artifact.arrays["card_starts"]
        return self.artifact.cards[int(starts[row]) : int(starts[row + 1])]

    def category_of(self, row: int) -> CategoryEntry:
        return self.artifact.manifest.categories[int(self.catalogue.categories[row])]

    def categories_named(self, text: str) -> list[int]:
        """Return the places of the categories whose slug, path or name is ``text``."""
        known = self.artifact.manifest.categories[:-1]  # the last one is the whole shop, which has no name
        return [place for place, entry in enumerate(known) if text in {entry.slug, entry.path, entry.name}]


def load_index(directory: Path, *, tenant: str) -> Index:
    """Open the artifact in ``directory``; raises BadArtifact."""
    artifact = open_artifact(directory, tenant=tenant)
    try:
        return Index(artifact.manifest.version, _catalogue(artifact), _similarity(artifact), artifact)
    except KeyError as error:
        raise BadArtifact(f"It lacks the array {error}.") from error


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
