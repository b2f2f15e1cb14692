"""Small shops to test the engine with: a list of items in words, made into the arrays an index holds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from hypothesis import strategies as st

from catalog.paths import PATH_SEPARATOR
from catalog.selectors import CategoryNode
from recommendations.engine import decay
from recommendations.engine.catalogue import Catalogue, CategoryTree, rows_by_rating, shrunken_mean_rating
from recommendations.engine.feature_parameters import FeatureParameters
from recommendations.engine.features import extract_features
from recommendations.engine.hotness import Hotness
from recommendations.engine.neighbours import NeighbourParameters, find_neighbours
from recommendations.engine.next_lists import NextList, Origin, Trail
from recommendations.engine.pages import Shop
from recommendations.engine.reasons import ReasonCode
from recommendations.engine.similarity import Similarity
from recommendations.engine.vocabulary import Vocabulary
from recommendations.engine.weights import ScoringWeights
from recommendations.index.reading import CategoryPlaces, place_categories

NOW = datetime.fromisoformat("2026-11-23T10:00:00Z").timestamp()
# Ids are no rows: a test that mixes them up fails.
FIRST_ID, ID_STEP = 1000, 7


@dataclass(frozen=True)
class Item:
    """One product. ``group``: its variants share the name; None stands alone."""

    text: str = ""
    category: str | None = "Home"
    group: str | None = None
    rating: float | None = None
    rating_count: int = 10
    in_stock: bool = True
    is_active: bool = True
    price: float | None = None


def product_id(row: int) -> int:
    return FIRST_ID + ID_STEP * row


def category_places(paths: Iterable[str]) -> CategoryPlaces:
    """Return the tree of ``paths`` and of everything above them."""
    every = sorted({PATH_SEPARATOR.join(names[:n]) for names in map(_names, paths) for n in range(1, len(names) + 1)})
    ids = {path: number for number, path in enumerate(every, start=1)}
    return place_categories(
        CategoryNode(ids[path], ids.get(_parent(path)), _names(path)[-1], path.lower(), path) for path in every
    )


def make_tree(paths: Iterable[str]) -> tuple[CategoryTree, dict[str | None, int]]:
    """Return the engine's tree, and the place of each path; None is "Uncategorised"."""
    placed = category_places(paths)
    tree = CategoryTree(np.array(placed.parents, dtype=np.int32), np.array(placed.ends, dtype=np.int32))
    return tree, {entry.path: place for place, entry in enumerate(placed.entries)} | {None: placed.places[None]}


def make_catalogue(items: Sequence[Item]) -> Catalogue:
    """Return the items as arrays; rows are in their order, and later ones are newer."""
    rows = np.arange(len(items), dtype=np.int32)
    groups = np.array(_group_numbers(items), dtype=np.int32)
    tree, places = make_tree(item.category for item in items if item.category)
    ratings = np.array([np.nan if item.rating is None else item.rating for item in items], dtype=np.float32)
    counts = np.array([item.rating_count for item in items], dtype=np.int64)
    return Catalogue(
        vocabulary=Vocabulary(np.array([product_id(row) for row in rows], dtype=np.int64)),
        groups=groups,
        group_starts=np.concatenate([[0], np.cumsum(np.bincount(groups))]).astype(np.int64),
        group_rows=np.argsort(groups, kind="stable").astype(np.int32),
        categories=np.array([places[item.category] for item in items], dtype=np.int32),
        tree=tree,
        prices=np.array([np.nan if item.price is None else item.price for item in items], dtype=np.float64),
        ratings=ratings,
        in_stock=np.array([item.in_stock for item in items], dtype=np.bool_),
        is_active=np.array([item.is_active for item in items], dtype=np.bool_),
        best_rated=rows_by_rating(ratings, counts),
        newest=rows[::-1],
        mean_rating=shrunken_mean_rating(ratings, counts),
    )


def make_similarity(items: Sequence[Item]) -> Similarity:
    """Return what the texts of the items' groups say about each other."""
    texts = [""] * (max(_group_numbers(items), default=-1) + 1)
    for number, item in zip(_group_numbers(items), items, strict=True):
        texts[number] += " " + item.text
    features = extract_features({"description": texts}, FeatureParameters(field_weights={"description": 1.0}))
    near, vectors = find_neighbours(features.vectors, NeighbourParameters(k=5)), features.vectors
    indptr = vectors.indptr.astype(np.int64)
    return Similarity(near.ids, near.scores, indptr, vectors.indices, vectors.data, vectors.shape[1])


def make_shop(items: Sequence[Item], *, clicks: Iterable[int] = (), weights: ScoringWeights | None = None) -> Shop:
    """Return a shop in which the rows of ``clicks`` were clicked, once for each time they are named."""
    catalogue = make_catalogue(items)
    shop = Shop(catalogue, make_similarity(items), Hotness.cold(catalogue), weights or ScoringWeights())
    for row in clicks:
        click(shop.hotness, row)
    return shop


def click(hotness: Hotness, row: int, *, weight: float = 1.0, at: float = NOW) -> None:
    """Let an event arrive as the change feed brings it: as new absolute values."""
    hour = np.log(weight) + decay.rate_constant(decay.HOUR_SECONDS) * at
    week = np.log(weight) + decay.rate_constant(decay.WEEK_SECONDS) * at
    hotness.update(
        hotness.catalogue.vocabulary.product_ids[[row]],
        np.logaddexp(hotness.hour[[row]], hour),
        np.logaddexp(hotness.week[[row]], week),
        hotness.clicks[[row]] + 1,
    )


def next_list(weights: Mapping[int, float], *, count: int = 3, at: float = NOW) -> NextList:
    """Return the list of a product that was followed by these rows, each weighing so much at ``at``."""
    grown = decay.rate_constant(decay.MONTH_SECONDS) * at
    return NextList(
        np.array([product_id(row) for row in weights], dtype=np.int64),
        np.log(np.array(list(weights.values()), dtype=np.float64)) + grown,
        np.full(len(weights), count, dtype=np.int32),
    )


def trail(*origins: tuple[int, Mapping[ReasonCode, Mapping[int, float]]]) -> Trail:
    """Return where a shopper comes from, the newest first: each a row, and the rows that followed it."""
    return Trail(
        tuple(Origin(row, {code: next_list(weights) for code, weights in lists.items()}) for row, lists in origins)
    )


CATEGORIES = ["Home > Kitchen > Tea", "Home > Kitchen > Pans", "Home > Garden", "Sport > Yoga", None]
WORDS = ["kettle", "teapot", "pan", "steel", "copper", "glass", "mat", "rope", "spade", "hose"]


@st.composite
def shops(draw: st.DrawFn, *, min_items: int = 1, max_items: int = 25) -> tuple[list[Item], list[int]]:
    """Draw the items of a shop, and the rows that were clicked in it."""
    item = st.builds(
        Item,
        text=st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join),
        category=st.sampled_from(CATEGORIES),
        group=st.none() | st.sampled_from(["g1", "g2", "g3"]),
        rating=st.none() | st.sampled_from([1.0, 3.5, 5.0]),
        rating_count=st.integers(0, 50),
        in_stock=st.integers(0, 3).map(bool),
        is_active=st.integers(0, 3).map(bool),
        price=st.none() | st.sampled_from([5.0, 20.0, 80.0]),
    )
    items = draw(st.lists(item, min_size=min_items, max_size=max_items))
    return items, draw(st.lists(st.integers(0, len(items) - 1), max_size=30))


def _group_numbers(items: Sequence[Item]) -> list[int]:
    numbers: dict[object, int] = {}
    return [numbers.setdefault(item.group or row, len(numbers)) for row, item in enumerate(items)]


def _names(path: str) -> list[str]:
    return path.split(PATH_SEPARATOR)


def _parent(path: str) -> str:
    return PATH_SEPARATOR.join(_names(path)[:-1])
