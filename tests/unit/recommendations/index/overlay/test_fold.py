from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.index.overlay.fold import Fold
from recommendations.index.overlay.segment import decode, encode, joined
from recommendations.index.overlay.state import State
from tests.unit.recommendations.index.overlay.factories import Catalog, apply, histories, order_shown, shown


def folded(fold, state, catalog, changed):
    """Return the segments of one round: the products, then all neighbours that are owed."""
    products = joined([fold.products(state, changed, catalog.read), fold.tree(state, catalog.categories())])
    state = state.after(products)
    return [products, fold.neighbours(state, state.owing, catalog.read)]


def after(catalog, batches):
    """Return the state after the batches, and the segments that made it."""
    fold = Fold(catalog.index())
    state, segments = State(fold._base), []
    for batch in batches:
        for segment in folded(fold, state, catalog, apply(catalog, batch)):
            segments.append(decode(encode(segment)))
            state = state.after(segments[-1])
    return state, segments


def cosines_of(index):
    """Return the cosine of every two groups, by the first SKU of each."""
    starts, rows = index.catalogue.group_starts, index.catalogue.group_rows
    groups = np.flatnonzero(np.diff(starts)).astype(np.int32)
    names = [order_shown(index, rows[starts[group] : starts[group + 1]])[0] for group in groups]
    return {
        (one, other): cosine
        for group, one in zip(groups.tolist(), names, strict=True)
        for other, cosine in zip(names, index.similarity.cosines(group, groups).tolist(), strict=True)
    }


@given(histories())
def test_what_is_shown_after_edits_is_what_a_build_shows(history):
    catalog, batches = history
    state, _ = after(catalog, batches)
    rebuilt = catalog.index()
    assert shown(state.index) == shown(rebuilt)
    assert [entry.path for entry in state.index.categories] == [entry.path for entry in rebuilt.categories]
    assert order_shown(state.index, state.index.catalogue.newest) == order_shown(rebuilt, rebuilt.catalogue.newest)
    # The mean that ratings are drawn towards is that of the build; nobody is missing for it.
    assert sorted(order_shown(state.index, state.index.catalogue.best_rated)) == sorted(
        order_shown(rebuilt, rebuilt.catalogue.best_rated)
    )


@given(histories(), st.sampled_from([3, 50]))
def test_every_list_of_neighbours_is_right_by_the_vectors(history, k):
    catalog, batches = history
    catalog.k = k
    state, _ = after(catalog, batches)
    similarity, n = state.index.similarity, len(state.index.catalogue.group_starts) - 1
    everybody = np.arange(n, dtype=np.int32)
    for group in range(n):
        ids, scores = similarity.neighbours(group)
        cosines = similarity.cosines(group, everybody)
        cosines[group] = 0
        np.testing.assert_allclose(scores, cosines[ids], atol=1e-6)
        assert len(set(ids.tolist())) == len(ids) <= k
        assert np.all(np.diff(np.round(scores, 6)) <= 0)
        if n <= k:  # nothing was cut off, at the build or since
            assert set(np.flatnonzero(cosines > 0.1 + 1e-6).tolist()) <= set(ids.tolist())


@given(histories(), st.data())
def test_segments_say_the_same_however_they_are_split(history, data):
    catalog, batches = history
    state, segments = after(catalog, batches)
    if not segments:
        return
    cut = data.draw(st.integers(0, len(segments)))
    halves = [joined(half) for half in (segments[:cut], segments[cut:]) if half]
    whole = encode(joined(segments))
    assert encode(joined(halves)) == whole
    assert encode(joined([decode(whole), *segments])) == whole  # the same again changes nothing
    assert shown(State(state.base, decode(whole)).index) == shown(state.index)


@given(histories())
def test_telling_of_products_again_says_nothing_new(history):
    catalog, batches = history
    fold = Fold(catalog.index())
    state = State(fold._base)
    for batch in batches:
        changed = apply(catalog, batch)
        for segment in folded(fold, state, catalog, changed):
            state = state.after(segment)
        again = fold.products(state, changed, catalog.read)
        assert len(again.products) == len(again.groups) == 0


@pytest.fixture
def catalog():
    made = Catalog()
    made.put(1, name="copper kettle", category="Home > Tea")
    made.put(2, name="steel kettle", category="Home > Tea")
    made.put(3, name="copper pan", category="Home > Pans")
    made.put(4, name="cork mat", category="Sport > Yoga")
    return made


def near(index, pk):
    """Return the ids of the neighbours of a product, nearest first."""
    ids, _ = index.similarity.neighbours(int(index.catalogue.groups[index.row_of(pk, None)]))
    return [order_shown(index, index.catalogue.variants_of(ids[[n]])[0])[0] for n in range(len(ids))]


def test_a_price_moves_no_neighbours(catalog):
    state, segments = after(catalog, [[(1, {"price": Decimal(9)})]])
    assert float(state.index.catalogue.prices[state.index.row_of(1, None)]) == 9
    assert [len(segment.groups) for segment in segments] == [0, 0]
    assert state.index.similarity is state.base.similarity


def test_a_new_product_is_source_and_candidate(catalog):
    state, _ = after(catalog, [[(9, {"name": "copper kettle", "category": "Home > Tea"})]])
    assert near(state.index, 9)[0] == 1
    assert near(state.index, 1)[0] == 9


def test_an_edited_text_moves_its_neighbours(catalog):
    state, _ = after(catalog, [[(4, {"name": "copper kettle", "category": "Home > Tea"})]])
    assert near(state.index, 4)[0] == 1
    assert near(state.index, 1)[0] == 4


def test_a_text_that_is_taken_back_is_as_it_was(catalog):
    state, _ = after(catalog, [[(4, {"name": "copper kettle"})], [(4, {"name": "cork mat"})]])
    assert cosines_of(state.index) == pytest.approx(cosines_of(state.base), abs=1e-6)


def test_a_deleted_product_stands_in_nobodys_list_until_it_is_restored(catalog):
    state, _ = after(catalog, [[(2, None)]])
    assert state.index.row_of(2, None) is None
    assert state.index.row_of(None, "SKU 2") is None
    assert len(state.index.similarity.neighbours(0)[0]) == len(state.base.similarity.neighbours(0)[0]) - 1
    catalog = Catalog({**catalog.products})
    restored, _ = after(catalog, [[(2, {})]])
    assert near(restored.index, 1)[0] == 2


def test_words_that_nobody_knew_are_passed_over(catalog):
    state, _ = after(
        catalog, [[(9, {"name": "naïve 抹茶 kettle 茶碗", "description": "\u0000\U0001f375"}), (10, {"name": ""})]]
    )
    assert near(state.index, 9)[0] in {1, 2}
    assert near(state.index, 10) == []


def test_a_renamed_category_takes_its_products_along(catalog):
    fold = Fold(catalog.index())
    catalog.rename("Home", "Zuhause")
    state = State(fold._base)
    for segment in folded(fold, state, catalog, [1, 2, 3]):
        state = state.after(segment)
    assert shown(state.index) == shown(catalog.index())
    assert [e.path for e in state.index.categories][:2] == ["Sport", "Sport > Yoga"]


def test_one_variant_more_is_a_variant_and_no_neighbour(catalog):
    catalog.put(1, variant_group="v")
    state, _ = after(catalog, [[(9, {"name": "copper kettle", "variant_group": "v"})]])
    assert shown(state.index)["SKU 9"]["variants"] == [1, 9]
    assert 9 not in near(state.index, 1)


def test_who_stays_in_a_group_is_read_anew(catalog):
    catalog.put(1, variant_group="v")
    catalog.put(4, variant_group="v")
    state, _ = after(catalog, [[(4, {"variant_group": None})]])
    assert shown(state.index)["SKU 1"]["variants"] == [1]
    # Nothing of the mat is left in the kettle's words.
    assert cosines_of(state.index)[1, 4] < cosines_of(state.base)[1, 3]
