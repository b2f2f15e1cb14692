"""A shop without a database: products by id, edits to them, and the index that a build would make of them."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import orjson
from hypothesis import strategies as st

from catalog.models import Category, Product
from catalog.paths import join_path, split_path
from catalog.selectors import CategoryNode
from recommendations.engine.catalogue import Catalogue, CategoryTree, rows_by_rating, shrunken_mean_rating
from recommendations.engine.feature_parameters import FeatureParameters
from recommendations.engine.features import extract_features
from recommendations.engine.neighbours import NeighbourParameters, find_neighbours
from recommendations.engine.similarity import Similarity
from recommendations.engine.vocabulary import Vocabulary
from recommendations.index.artifact import FORMAT, Artifact, Manifest
from recommendations.index.cards import Cards, SkuRows
from recommendations.index.index import Index
from recommendations.index.reading import place_categories, read_columns

BEGAN_AT = datetime(2026, 11, 1, tzinfo=UTC)
PATHS = ["", "Home", "Home > Tea", "Home > Pans", "Sport", "Sport > Yoga"]
WORDS = ["kettle", "teapot", "steel", "copper", "glass", "mat", "rope", "cork"]


@dataclass
class Catalog:
    """What Postgres would hold. ``read`` is how a fold reads it."""

    products: dict[int, Product] = field(default_factory=dict)
    paths: list[str] = field(default_factory=lambda: list(PATHS))
    k: int = 4

    def put(self, pk: int, **fields) -> None:
        """Create, edit or restore a product."""
        old = self.products.get(pk)
        kept = {"name": "Thing", "tags": [], "category": "", "description": ""} | (old.given if old else {}) | fields
        made = Product(id=pk, sku=f"SKU {pk}", revision=(old.revision if old else 0) + 1,
                       created_at=BEGAN_AT + timedelta(days=pk % 5),
                       **(kept | {"category": self._category(kept["category"])}))  # fmt: skip
        made.given, made.is_gone = kept, False
        self.products[pk] = made

    def delete(self, pk: int) -> None:
        self.put(pk)
        self.products[pk].is_gone = True

    def read(self, ids) -> list[Product]:
        return [self.products[pk] for pk in ids if pk in self.products and not self.products[pk].is_gone]

    def categories(self) -> list[CategoryNode]:
        ids = {path: n for n, path in enumerate(sorted(filter(None, self.paths)), start=1)}
        return [
            CategoryNode(pk, ids.get(join_path(split_path(path)[:-1])), split_path(path)[-1], path.lower(), path)
            for path, pk in ids.items()
        ]

    def rename(self, old: str, new: str) -> None:
        """Move a category and what is below it; the database touches its products."""
        self.paths = [new + path[len(old) :] if (path + " > ").startswith(old + " > ") else path for path in self.paths]
        for pk, product in list(self.products.items()):
            path = product.given["category"]
            if (path + " > ").startswith(old + " > "):
                is_gone = product.is_gone
                self.put(pk, category=new + path[len(old) :])
                self.products[pk].is_gone = is_gone

    def _category(self, path: str) -> Category | None:
        if not path:
            return None
        by_path = {node.path: node for node in self.categories()}
        return Category(id=by_path[path].id, name=by_path[path].name, slug=by_path[path].slug, path=path)

    def index(self) -> Index:
        """Return what a build would make."""
        tree = place_categories(self.categories())
        products = self.read(sorted(self.products))
        for product in products:  # category ids are those of the moment
            product.category = self._category(product.given["category"])
        return build(read_columns(products, tree.places), tree, self.k)


def build(columns, tree, k) -> Index:
    fields = [texts.fields() for texts in columns.texts]
    texts = {name: [each[name] for each in fields] for name in ("category", "tags", "description", "name")}
    features = extract_features(texts, FeatureParameters())
    near, vectors = find_neighbours(features.vectors, NeighbourParameters(k=k)), features.vectors
    groups, ratings = np.array(columns.groups, np.int32), np.array(columns.ratings, np.float32)
    counts, rows = np.array(columns.rating_counts, np.int64), np.arange(len(groups), dtype=np.int32)
    created_at, hashes = np.array(columns.created_at), np.array(columns.sku_hashes, np.uint64)
    ids, mean = np.array(columns.product_ids, np.int64), shrunken_mean_rating(ratings, counts)
    indptr = vectors.indptr.astype(np.int64)
    parameters = {"features": asdict(FeatureParameters()), "neighbours": asdict(NeighbourParameters(k=k))}
    manifest = Manifest(FORMAT, "shop", "v", parameters, len(ids), len(features.terms), mean, tree.entries, {})
    keys, revisions = np.array(columns.group_keys, np.int64), np.array(columns.revisions, np.int64)
    arrays = {"group_keys": keys, "revisions": revisions, "rating_counts": counts, "created_at": created_at,
              "terms": features.terms, "idf": features.idf}  # fmt: skip
    catalogue = Catalogue(
        Vocabulary(ids),
        groups,
        np.concatenate([[0], np.cumsum(np.bincount(groups, minlength=len(fields)))]),
        np.argsort(groups, kind="stable").astype(np.int32),
        np.array(columns.categories, np.int32),
        CategoryTree(np.array(tree.parents, np.int32), np.array(tree.ends, np.int32)),
        np.array(columns.prices, np.float64),
        ratings,
        np.array(columns.in_stock, np.bool_),
        np.array(columns.is_active, np.bool_),
        rows_by_rating(ratings, counts),
        rows[np.lexsort((rows, -created_at))],
        mean,
    )
    similarity = Similarity(near.ids, near.scores, indptr, vectors.indices, vectors.data, vectors.shape[1])
    ends, cards = np.array(columns.card_ends, np.int64), bytes(columns.cards)
    by_sku = np.argsort(hashes)
    return Index("v", catalogue, similarity, Cards(ends - np.diff(ends, prepend=0), ends, (cards,)),
                 (SkuRows(hashes[by_sku], by_sku.astype(np.int32)),), tree.entries,
                 Artifact(manifest, arrays, cards))  # fmt: skip


def shown(index: Index) -> dict[str, dict]:
    """Return all that requests can see of each product, by SKU; rows and numbers are nobody's business."""
    catalogue, seen = index.catalogue, {}
    for row in range(len(catalogue.vocabulary)):
        card = orjson.loads(index.card(row))
        if index.row_of(None, card["sku"]) != row:
            continue
        assert index.row_of(card["id"], None) == row
        group = int(catalogue.groups[row])
        members = catalogue.group_rows[catalogue.group_starts[group] : catalogue.group_starts[group + 1]]
        price, rating = float(catalogue.prices[row]), float(catalogue.ratings[row])
        path = [index.categories[place].path for place in catalogue.tree.path_to_root(int(catalogue.categories[row]))]
        seen[card["sku"]] = {
            "card": card,
            "variants": sorted(catalogue.vocabulary.product_ids[members].tolist()),
            "numbers": (repr(price), repr(rating)),
            "flags": (bool(catalogue.in_stock[row]), bool(catalogue.is_active[row])),
            "path": path,
        }
    return seen


def order_shown(index: Index, rows) -> list[int]:
    return index.catalogue.vocabulary.product_ids[rows].tolist()


EDITS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join),
        "tags": st.lists(st.sampled_from(WORDS), max_size=2, unique=True),
        "category": st.sampled_from(PATHS),
        "variant_group": st.sampled_from([None, "v1", "v2"]),
        "price": st.sampled_from([None, Decimal(5), Decimal("7.5")]),
        "rating": st.sampled_from([None, 1.0, 4.5]),
        "rating_count": st.integers(0, 50),
        "in_stock": st.booleans(),
        "is_active": st.booleans(),
    },
)


@st.composite
def histories(draw) -> tuple[Catalog, list[list[tuple[int, dict | None]]]]:
    """Draw a catalogue, and batches of edits to come; None deletes."""
    catalog = Catalog()
    for pk in draw(st.lists(st.integers(1, 12), unique=True, max_size=8)):
        catalog.put(pk, **draw(EDITS))
    edit = st.tuples(st.integers(1, 14), st.none() | EDITS | EDITS)
    return catalog, draw(st.lists(st.lists(edit, max_size=4), max_size=5))


def apply(catalog: Catalog, batch: Iterable[tuple[int, dict | None]]) -> list[int]:
    """Make the edits and return whose they were."""
    for pk, fields in batch:
        if fields is not None:
            catalog.put(pk, **fields)
        elif pk in catalog.products:
            catalog.delete(pk)
    return sorted({pk for pk, _ in batch})
