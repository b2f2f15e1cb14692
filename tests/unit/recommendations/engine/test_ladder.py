import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine.candidates import Candidates, distinct
from recommendations.engine.filters import Filter
from recommendations.engine.ladder import NOT_ALLOWED, Fallback, ListBuilder, Scored
from recommendations.engine.reasons import PLAIN_REASONS, ReasonCode
from tests.unit.recommendations.factories import Item, make_catalogue, make_shop

PLAIN = [Item() for _ in range(6)]


def candidates_of(shop, scores):
    """Return the whole groups of the rows of ``scores``; who has no score is no candidate."""
    groups = distinct(shop.catalogue.groups[list(scores)].astype(np.int32))
    candidates = Candidates.of(shop, groups)
    values = np.array([scores.get(row, NOT_ALLOWED) for row in candidates.rows.tolist()], dtype=np.float64)
    return Scored(candidates, values, lambda _: PLAIN_REASONS[ReasonCode.SIMILAR])


def fallback(*rows):
    return Fallback(np.array(rows, dtype=np.int32), ReasonCode.NEW)


def build(items, limit, scores, *rungs, best_score=0.2, filtering=None):
    shop = make_shop(items)
    builder = ListBuilder(shop.catalogue, filtering or Filter(), limit)
    if scores:
        builder.add_scored(candidates_of(shop, scores))
    builder.close_scored()
    builder.add_fallbacks(rungs, best_score)
    return builder.places


def rows_of(places):
    return [place.row for place in places]


def test_candidates_stand_by_score():
    assert rows_of(build(PLAIN, 5, {3: 0.1, 0: 0.5, 2: 0.9})) == [2, 0, 3]


def test_equal_scores_stand_by_id():
    assert rows_of(build(PLAIN, 5, {4: 0.5, 1: 0.5, 3: 0.5})) == [1, 3, 4]


def test_equal_scores_stand_by_id_even_if_rows_do_not():
    shop = make_shop(PLAIN)
    shop.catalogue.vocabulary.product_ids[3] = 1  # older than all others, and restored after they were indexed
    builder = ListBuilder(shop.catalogue, Filter(), 5)
    builder.add_scored(candidates_of(shop, {4: 0.5, 1: 0.5, 3: 0.5}))
    builder.close_scored()
    assert rows_of(builder.places) == [3, 1, 4]


def test_what_looks_equal_is_equal():
    assert rows_of(build(PLAIN, 5, {1: 0.5000001, 0: 0.5})) == [0, 1]


def test_only_the_best_of_a_variant_group_stands():
    items = [Item(group="g"), Item(group="g"), Item()]
    assert rows_of(build(items, 5, {0: 0.3, 1: 0.6, 2: 0.4}, fallback(0))) == [1, 2]


def test_the_best_variant_that_may_be_shown_stands_for_its_group():
    items = [Item(group="g"), Item(group="g", in_stock=False)]
    assert rows_of(build(items, 5, {0: 0.3, 1: 0.6})) == [0]


def test_fallbacks_fill_the_list_rung_by_rung():
    places = build(PLAIN, 4, {5: 0.9}, fallback(2, 5), fallback(2, 0, 1))
    assert rows_of(places) == [5, 2, 0, 1]


def test_a_full_list_takes_no_fallback():
    assert rows_of(build(PLAIN, 1, {5: 0.9}, fallback(2))) == [5]


def test_fallbacks_are_filtered_too():
    items = [Item(), Item(in_stock=False), Item(is_active=False), Item()]
    assert rows_of(build(items, 4, {}, fallback(0, 1, 2, 3))) == [0, 3]


def test_a_fallback_never_scores_above_the_place_before_it():
    scores = [place.score for place in build(PLAIN, 5, {5: 0.09}, fallback(0, 1), fallback(2, 3))]
    assert scores == sorted(scores, reverse=True)
    assert scores[1] == 0.09


def test_without_candidates_the_first_fallback_has_the_best_fallbacks_score():
    assert [place.score for place in build(PLAIN, 2, {}, fallback(0, 1))] == [0.2, 0.1]


def test_a_catalogue_of_nothing_gives_an_empty_list():
    assert build([], 3, {}, fallback()) == []


@given(
    st.dictionaries(st.integers(0, 11), st.floats(0, 1)),
    st.lists(st.lists(st.integers(0, 11), unique=True), max_size=3),
    st.integers(1, 14),
)
def test_any_list_is_full_ordered_and_without_repetition(scores, rungs, limit):
    items = [Item(group=f"g{row % 7}" if row % 3 else None, in_stock=row != 4, is_active=row != 9) for row in range(12)]
    catalogue = make_catalogue(items)
    places = build(items, limit, scores, *(fallback(*rows) for rows in rungs))
    may_stand = set(scores).union(*rungs) - {4, 9}
    assert len(places) == min(limit, len({int(catalogue.groups[row]) for row in may_stand}))
    assert len({int(catalogue.groups[place.row]) for place in places}) == len(places)
    assert all(0 <= place.score <= 1 for place in places)
    assert [place.score for place in places] == sorted((place.score for place in places), reverse=True)
