from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine import hotness as module
from recommendations.engine.hotness import Hotness
from recommendations.engine.live_values import LiveValues
from tests.unit.recommendations.factories import NOW, Item, click, make_catalogue, product_id, shops


def hot_from_scratch(hotness, category):
    catalogue = hotness.catalogue
    rows = [
        row
        for row in np.flatnonzero(catalogue.tree.contains(category, catalogue.categories)).tolist()
        if np.isfinite(hotness.hour[row]) and catalogue.is_active[row]
    ]
    return sorted(rows, key=lambda row: (-hotness.hour[row], row))


def update(hotness, product_ids, hour, week=None, clicks=None):
    n = len(product_ids)
    hotness.update(
        np.array(product_ids, dtype=np.int64),
        np.array(hour, dtype=np.float64),
        np.array(hour if week is None else week, dtype=np.float64),
        np.array(clicks or [1] * n, dtype=np.int64),
    )


@given(shops(), st.sampled_from([2, 200]))
def test_hot_lists_equal_a_sort_from_scratch_after_any_events(shop, max_hot):
    items, clicked = shop
    hotness = Hotness.cold(make_catalogue(items))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MAX_HOT", max_hot)
        for seconds, row in enumerate(clicked):
            click(hotness, row, at=NOW + seconds)
    for category in range(len(hotness.catalogue.tree.parents)):
        assert hotness.hot[category].tolist() == hot_from_scratch(hotness, category)[:max_hot]


@given(shops(min_items=3), st.data())
def test_a_batch_of_updates_ends_like_one_after_the_other(shop, data):
    catalogue = make_catalogue(shop[0])
    rows = data.draw(st.lists(st.integers(0, len(shop[0]) - 1), unique=True))
    scores = data.draw(st.lists(st.floats(-5, 5), min_size=len(rows), max_size=len(rows)))
    at_once, in_turn = Hotness.cold(catalogue), Hotness.cold(catalogue)
    update(at_once, [product_id(row) for row in rows], scores)
    for row, score in zip(rows, scores, strict=True):
        update(in_turn, [product_id(row)], [score])
    assert [rows.tolist() for rows in at_once.hot] == [rows.tolist() for rows in in_turn.hot]


def test_in_a_shop_where_nothing_happened_nothing_is_hot():
    hotness = Hotness.cold(make_catalogue([Item(), Item(category=None)]))
    assert [len(rows) for rows in hotness.hot] == [0] * len(hotness.catalogue.tree.parents)


def test_ids_the_catalogue_does_not_have_heat_nothing():
    hotness = Hotness.cold(make_catalogue([Item(), Item()]))
    update(hotness, [1, product_id(1), product_id(1) + 1, 10**12], [9.0, 3.0, 9.0, 9.0])
    assert hotness.hour.tolist() == [-np.inf, 3.0]
    assert hotness.hot[hotness.catalogue.tree.everything].tolist() == [1]


def test_an_empty_update_changes_nothing():
    hotness = Hotness.cold(make_catalogue([Item()]))
    update(hotness, [], [])
    assert hotness.hour.tolist() == [-np.inf]


def test_what_has_faded_is_no_longer_hot():
    hotness = Hotness.cold(make_catalogue([Item(), Item()]))
    update(hotness, [product_id(0), product_id(1)], [1.0, 2.0])
    update(hotness, [product_id(1)], [-np.inf], clicks=[4])
    assert hotness.hot[hotness.catalogue.tree.everything].tolist() == [0]
    assert hotness.clicks.tolist() == [1, 4]


@given(st.data(), shops(min_items=2), st.sampled_from([2, 200]), st.sampled_from([0, 16]))
def test_values_carried_over_edits_are_those_of_the_edited_shop(data, shop, max_hot, few_lists):
    items, clicked = shop
    before = Hotness.cold(make_catalogue(items))
    # New rows, rows that move to another category of the same tree, and rows that are withdrawn or come back.
    edited = [
        replace(item, category=data.draw(st.sampled_from([item.category, items[0].category])),
                is_active=data.draw(st.booleans()))
        for item in items
    ]  # fmt: skip
    edited += [replace(items[0], text="new")] * data.draw(st.integers(0, 2))
    # What happened to products before they were in the catalogue is there, too.
    clicked = [*clicked, *range(len(edited))][: data.draw(st.integers(0, 40))]
    catalogue = make_catalogue(edited)
    expected = Hotness.cold(catalogue)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MAX_HOT", max_hot)
        patch.setattr(module, "FEW_LISTS", few_lists)
        for row in clicked:
            click(expected, row)
            value = LiveValues(*(array[[row]] for array in (catalogue.vocabulary.product_ids, expected.hour,
                                                             expected.week, expected.clicks)))  # fmt: skip
            before.update(value.product_ids, value.hour, value.week, value.clicks)
        carried = before.carried_to(catalogue)
    np.testing.assert_array_equal(carried.hour, expected.hour)
    np.testing.assert_array_equal(carried.week, expected.week)
    np.testing.assert_array_equal(carried.clicks, expected.clicks)
    assert [rows.tolist() for rows in carried.hot] == [rows.tolist() for rows in expected.hot]
    assert carried.peaks.tolist() == expected.peaks.tolist()
    assert len(carried.strangers) == 0
    for hotness in (carried, expected):
        assert (hotness.group_hour[hotness.catalogue.groups] >= hotness.hour).all()
        assert hotness.peaks[:-1].tolist() == [max(hotness.hour[rows], default=-np.inf) for rows in hotness.hot]


def test_made_up_ids_fill_no_memory(monkeypatch):
    monkeypatch.setattr(module, "MAX_STRANGERS", 3)
    hotness = Hotness.cold(make_catalogue([Item()]))
    for week in range(10):
        update(hotness, [week + 1], [float(week)])
    assert sorted(hotness.strangers.product_ids.tolist()) == [8, 9, 10]


def test_a_stranger_that_has_faded_is_forgotten():
    hotness = Hotness.cold(make_catalogue([Item()]))
    update(hotness, [1, 2], [3.0, 4.0])
    update(hotness, [1], [-np.inf])
    assert hotness.strangers.product_ids.tolist() == [2]


def test_completeness_goes_along():
    hotness = Hotness.cold(make_catalogue([Item()]))
    assert not hotness.carried_to(make_catalogue([Item()])).is_complete
    hotness.is_complete = True
    assert hotness.carried_to(make_catalogue([Item(category="Sport")])).is_complete


def test_values_go_along_to_another_catalogue_by_id():
    old = Hotness.cold(make_catalogue([Item(), Item(), Item(category="Sport")]))
    update(old, [product_id(0), product_id(2)], [2.0, 5.0], week=[3.0, 6.0], clicks=[7, 8])
    # In the next version the first product is gone, and the last one has moved to another category.
    kept = make_catalogue([Item(), Item(), Item(category="Garden"), Item()])
    new = old.carried_to(_without_first_row(kept))
    assert new.hour.tolist() == [-np.inf, 5.0, -np.inf]
    assert (new.week[1], new.clicks[1]) == (6.0, 8)
    assert new.hot[new.catalogue.tree.everything].tolist() == [1]
    assert new.hot[int(new.catalogue.categories[1])].tolist() == [1]


def _without_first_row(catalogue):
    ids = catalogue.vocabulary.product_ids[1:]
    items = [Item(), Item(category="Garden"), Item()]
    rest = make_catalogue(items)
    rest.vocabulary.product_ids[:] = ids
    return rest
