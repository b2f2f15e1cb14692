"""How much is worked out: counted in scores, in entries that are read, and in bytes, never in seconds."""

import ctypes
import tracemalloc
from collections import Counter

import numpy as np
import pytest

from recommendations.engine.blend import Blend
from recommendations.engine.filters import Filter
from recommendations.engine.fold_in import FoldIn
from recommendations.engine.hotness import Hotness
from recommendations.engine.kernel.library import library
from recommendations.engine.kernel.ranking import Ranker
from recommendations.engine.neighbours import NeighbourParameters
from recommendations.engine.pages import Shop, beside_product, for_user, trending
from recommendations.engine.patched_similarity import FreshGroups, patched_similarity
from recommendations.engine.ragged import Ragged
from recommendations.engine.shopper import Shopper
from recommendations.engine.weights import ScoringWeights
from tests.performance.conftest import CLUSTER

NOW = 1_780_000_000.0
SMALL, LARGE = 1_000, 8_000
PAGES = {
    "beside a product": lambda shop, shopper: beside_product(shop, 7, Filter(), 10, NOW, shopper),
    "a hundred places": lambda shop, shopper: beside_product(shop, 7, Filter(), 100, NOW, shopper),
    "for a user": lambda shop, shopper: for_user(shop, shopper, Filter(), 10, NOW),
    "trending": lambda shop, _shopper: trending(shop, Filter(), 10, NOW),
}
SHOPPERS = {"a stranger": Shopper(), "who was around": Shopper(recent=(3, 90, 200))}


@pytest.fixture
def clicked(shop_of):
    """A shop of ``n`` products, of which the same forty were clicked."""

    def clicked(n: int) -> Shop:
        index = shop_of(n).index
        hotness = Hotness.cold(index.catalogue)
        rows = np.arange(0, 400, 10)
        ids, values = index.catalogue.vocabulary.product_ids[rows], np.log(1.0 + np.arange(len(rows)))
        hotness.update(ids, values + NOW * np.log(2) / 3600, values + NOW * np.log(2) / (7 * 86400), rows + 1)
        return Shop(index.catalogue, index.similarity, hotness, ScoringWeights())

    return clicked


@pytest.fixture
def scored(monkeypatch):
    """How many products were scored, in arrays and in C."""
    counts = Counter()
    parts, best = Blend.parts, Ranker.best

    def counted_parts(self, rows, content=None):
        counts["scored"] += len(rows)
        return parts(self, rows, content)

    def counted_best(self, question, known):
        of_all_calls = ctypes.c_int64.in_dll(library(), "n_scored")
        before = of_all_calls.value
        found = best(self, question, known)
        counts["scored"] += of_all_calls.value - before
        return found

    monkeypatch.setattr(Blend, "parts", counted_parts)
    monkeypatch.setattr(Ranker, "best", counted_best)
    return counts


@pytest.mark.parametrize(
    ("page", "shopper", "most"),
    [
        ("beside a product", "a stranger", 30),
        ("beside a product", "who was around", 2 * CLUSTER),
        ("a hundred places", "a stranger", 2 * CLUSTER),
        ("for a user", "who was around", 3 * CLUSTER),
    ],
)
def test_a_catalogue_of_eight_times_the_size_takes_no_score_more(clicked, scored, page, shopper, most):
    def work(n):
        shop = clicked(n)
        PAGES[page](shop, SHOPPERS[shopper])
        scored.clear()
        PAGES[page](shop, SHOPPERS[shopper])
        return scored["scored"]

    assert 10 <= work(SMALL) <= most
    assert work(LARGE) <= work(SMALL) + 5


@pytest.fixture
def grows(clicked):
    """How many bytes more an answer holds at its peak for each product more in the catalogue."""

    def peak(n, page, shopper):
        shop = clicked(n)
        PAGES[page](shop, SHOPPERS[shopper])  # what is worked out once
        tracemalloc.start()
        PAGES[page](shop, SHOPPERS[shopper])
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    return lambda page, shopper: (peak(LARGE, page, shopper) - peak(SMALL, page, shopper)) / (LARGE - SMALL)


@pytest.mark.parametrize("page", ["beside a product", "trending"])
def test_a_strangers_list_makes_no_array_of_the_catalogues_length(grows, page):
    assert grows(page, "a stranger") < 0.5  # not even one of a byte a product


@pytest.mark.parametrize("shopper", SHOPPERS)
@pytest.mark.parametrize("page", PAGES)
def test_no_list_makes_more_than_a_few_arrays_of_the_catalogues_length(grows, page, shopper):
    # One place a term to spread a text over, and one a group to find its first variant; no Python object a product.
    assert grows(page, shopper) < 32


def test_an_index_takes_the_same_bytes_for_each_product_more(shop_of):
    def size(n):
        artifact = shop_of(n).index.artifact
        return sum(array.nbytes for array in artifact.arrays.values()) + len(artifact.cards)

    first, more = size(2_000) - size(1_000), size(4_000) - size(2_000)
    assert more == pytest.approx(2 * first, rel=0.02)
    assert more / 2_000 < 2_500


def test_live_values_take_the_same_bytes_for_each_product(shop_of):
    def size(n):
        hotness = Hotness.cold(shop_of(n).index.catalogue)
        return sum(array.nbytes for array in (hotness.hour, hotness.week, hotness.clicks))

    assert size(4_000) == 4 * size(1_000) <= 4_000 * 32


class _Counting:
    """An array that counts the entries that are read of it."""

    def __init__(self, array):
        self.array, self.n_read = array, 0

    def __getitem__(self, key):
        found = self.array[key]
        self.n_read += np.size(found)
        return found


@pytest.mark.parametrize("n", [SMALL, LARGE])
def test_folding_a_product_in_reads_as_many_entries_as_others_share_its_words(shop_of, n):
    built = shop_of(n).index.similarity
    terms, weights = built.vector(7)
    ones = np.zeros(1, dtype=np.int64)
    vector = Ragged.of([(terms.astype(np.int64), weights)])
    nobody = Ragged.of([(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))])
    fresh = FreshGroups(ones + 7, ones + 1, vector, nobody, nobody)
    fold = FoldIn(built, NeighbourParameters())
    columns = fold._columns
    counting = _Counting(columns.indices)
    fold._columns = type("Columns", (), {"indptr": columns.indptr, "indices": counting, "data": columns.data})
    fold.find(patched_similarity(built, fresh, n), 7, ones + 7)
    shared = np.diff(columns.indptr)[terms].sum()
    assert counting.n_read == shared <= len(terms) * 4 * CLUSTER
