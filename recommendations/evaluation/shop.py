"""A catalogue from a file, or from nothing but the names in a log, indexed as serving has it, without a database."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np
from django.conf import settings
from numpy.typing import NDArray
from scipy import sparse

from catalog.importing import formats
from catalog.importing.source import open_source
from catalog.models import Category, Product
from catalog.paths import leaf_name, parent_path, paths_to
from catalog.rows import ProductRow, completed
from catalog.selectors import CategoryNode
from recommendations.engine.feature_parameters import FeatureParameters
from recommendations.engine.features import extract_features
from recommendations.engine.neighbours import NeighbourParameters, find_neighbours, find_neighbours_of_some
from recommendations.engine.similarity import Similarity
from recommendations.index.artifact import Artifact
from recommendations.index.build import arrays_of, manifest_of, texts_of
from recommendations.index.index import Index, index_of
from recommendations.index.reading import place_categories, read_columns

# A product's id here is its place in the file, counted from 1: nobody else's ids are at hand.
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_FIELDS = (
    "sku", "name", "price", "rating", "rating_count", "tags", "description", "variant_group", "in_stock", "is_active",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OfflineShop:
    """``skus``: by row; ``texts``: by field, of each group; ``has_texts``, ``has_categories``: if there is any."""

    index: Index
    skus: list[str]
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)

    @property
    def n_products(self) -> int:
        return len(self.skus)

    @property
    def groups(self) -> NDArray[np.int32]:
        return self.index.catalogue.groups

    @property
    def has_texts(self) -> bool:
        return len(self.index.similarity.data) > 0

    @property
    def has_categories(self) -> bool:
        return bool(np.ptp(self.index.catalogue.categories)) if self.n_products else False

    def vectors(self) -> sparse.csr_matrix:
        """Return the TF-IDF vector of each product, shape ``(n_products, n_terms)``: that of its variant group."""
        similarity = self.index.similarity
        shape = (len(similarity.indptr) - 1, max(similarity.n_terms, 1))
        by_group = sparse.csr_matrix((similarity.data, similarity.indices, similarity.indptr), shape=shape)
        return by_group[self.groups]

    def with_features(self, parameters: FeatureParameters, beside: NDArray[np.integer]) -> "OfflineShop":
        """Return the same shop with texts read by other field weights, for pages beside these rows alone.

        Other groups have no neighbours in it; vectors, and so the cosines of any two, are there for all.
        """
        features = extract_features(self.texts, parameters)
        groups = np.unique(self.groups[beside]).astype(np.intp)
        found = find_neighbours_of_some(
            features.vectors, groups, NeighbourParameters(), threads=settings.INDEX_BUILD_THREADS
        )
        old, vectors = self.index.similarity, features.vectors
        ids, scores = np.full_like(old.neighbour_ids, -1), np.zeros_like(old.neighbour_scores)
        ids[groups], scores[groups] = found.ids, found.scores
        similarity = Similarity(
            ids,
            scores,
            vectors.indptr.astype(np.int64),
            vectors.indices.astype(np.int32),
            vectors.data.astype(np.float32),
            len(features.terms),
        )
        return replace(self, index=replace(self.index, similarity=similarity))


def read_products(name: str, on_problem: Callable[[str], None]) -> list[ProductRow]:
    """Return the good rows of a file, the last one of each SKU, and report the others; raises OSError."""
    rows: dict[str, ProductRow] = {}
    with open_source(name) as source:
        for line, outcome in formats.rows(source):
            if isinstance(outcome, ProductRow):
                rows[outcome.sku] = completed(outcome)
            else:
                on_problem(f"{source.name}, line {line}: {outcome}")
    return list(rows.values())


def make_shop(
    rows: Iterable[ProductRow],
    parameters: FeatureParameters | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> OfflineShop:
    """Index the products of ``rows``; ``on_progress`` is told how many groups have their neighbours, of how many."""
    rows, parameters = list(rows), parameters or FeatureParameters()
    categories = {path: Category(pk=n, path=path, name=leaf_name(path)) for n, path in enumerate(_paths(rows), start=1)}
    tree = place_categories(
        CategoryNode(c.pk, categories[parent_path(path)].pk if parent_path(path) else None, c.name, "", path)
        for path, c in categories.items()
    )
    columns = read_columns(_products(rows, categories), tree.places)
    texts = texts_of(columns)
    features = extract_features(texts, parameters)
    neighbours = find_neighbours(
        features.vectors, NeighbourParameters(), threads=settings.INDEX_BUILD_THREADS, on_progress=on_progress
    )
    arrays = arrays_of(tree, columns, features)
    arrays |= {"neighbour_ids": neighbours.ids, "neighbour_scores": neighbours.scores}
    artifact = Artifact(manifest_of("", tree, columns, features, parameters), arrays, bytes(columns.cards))
    return OfflineShop(index_of(artifact), [row.sku for row in rows], texts)


def named_only(skus: Iterable[str]) -> list[ProductRow]:
    """Return products of which nothing is known but their SKU."""
    return [completed(ProductRow(sku=sku, name=sku)) for sku in skus]


def _paths(rows: Iterable[ProductRow]) -> list[str]:
    return sorted({path for row in rows if row.category for path in paths_to(str(row.category))})


def _products(rows: Iterable[ProductRow], categories: dict[str, Category]) -> Iterator[Product]:
    for number, row in enumerate(rows, start=1):
        product = Product(pk=number, category=categories.get(str(row.category)), created_at=_LONG_AGO, revision=1)
        for name in _FIELDS:
            setattr(product, name, getattr(row, name))
        if row.name == row.sku:
            product.name = ""  # a name that is none says nothing
        yield product
