import gc
from dataclasses import replace
from weakref import ref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.engine.filters import Filter, Rule
from recommendations.engine.pages import beside_product, for_user
from recommendations.engine.reasons import ReasonCode
from recommendations.engine.sequence import SequenceScorer
from recommendations.engine.shopper import Shopper
from recommendations.engine.strategies import Strategy
from recommendations.engine.weights import ScoringWeights
from tests.unit.recommendations.factories import NOW, Item, make_catalogue, make_shop, next_list, shops, trail

ALSO_VIEWED, BOUGHT_TOGETHER, BOUGHT_AFTER = (
    ReasonCode.ALSO_VIEWED, ReasonCode.BOUGHT_TOGETHER, ReasonCode.BOUGHT_AFTER,
)  # fmt: skip
VIEWED = {ALSO_VIEWED: 1.0}
SURE, DAY = 30.0, 24 * 3600
FOUR = [Item("copper kettle"), Item("copper kettle"), Item("rope"), Item("spade")]


def scores(shop, shopper_trail, weights=VIEWED, at=NOW):
    scorer = SequenceScorer.of(shop, shopper_trail, at, weights)
    everyone = np.arange(len(shop.catalogue.group_starts) - 1)
    return [] if scorer is None else scorer.score(everyone).tolist()


def beside(shop, shopper_trail, strategy=Strategy.HYBRID, limit=5, filtering=None):
    filtering = filtering or Filter({Rule.ITSELF: {int(shop.catalogue.groups[0])}})
    return beside_product(shop, 0, filtering, limit, NOW, Shopper(trail=shopper_trail), strategy)


def rows_and_reasons(places):
    return [(place.row, place.reason_code) for place in places]


def test_the_surest_follower_is_the_measure_of_the_others():
    assert scores(make_shop(FOUR), trail((0, {ALSO_VIEWED: {1: SURE, 2: SURE / 2}}))) == pytest.approx([0, 1, 0.5, 0])


def test_one_coincidence_is_no_rule():
    assert max(scores(make_shop(FOUR), trail((0, {ALSO_VIEWED: {2: 0.5}})))) == pytest.approx(0.25)


def test_what_is_long_ago_fades_to_a_coincidence():
    shop, lists = make_shop(FOUR), trail((0, {ALSO_VIEWED: {2: 4.0}}))
    now, later = (max(scores(shop, lists, at=at)) for at in (NOW, NOW + 60 * DAY))
    assert (now, later) == (1.0, pytest.approx(0.5))


def test_each_step_back_leaves_less_of_a_list():
    shop = make_shop(FOUR)
    lists = trail((0, {ALSO_VIEWED: {2: SURE}}), (1, {ALSO_VIEWED: {3: SURE}}))
    assert scores(shop, lists)[2:] == pytest.approx([1.0, shop.weights.sequence_decay])


def test_where_several_lists_agree_they_add_up_and_the_largest_sum_is_one():
    lists = trail((0, {ALSO_VIEWED: {2: SURE, 3: SURE}}), (1, {ALSO_VIEWED: {3: SURE}}))
    of_rope, of_spade = scores(make_shop(FOUR), lists)[2:]
    assert of_spade == 1.0
    assert of_rope == pytest.approx(1 / (1 + ScoringWeights().sequence_decay))


def test_variants_follow_together_and_the_best_of_them_is_shown():
    shop = make_shop([Item("pan"), Item("rope", group="g"), Item("rope", group="g", rating=5.0), Item("hose")])
    lists = trail((0, {ALSO_VIEWED: {1: 10.0, 2: 10.0, 3: 15.0}}))
    assert scores(shop, lists) == pytest.approx([0, 1, 0.75])
    assert beside(shop, lists, Strategy.ALSO_VIEWED)[0].row == 2


def test_of_variants_the_one_that_was_followed_is_shown_though_another_trends():
    shop = make_shop([FOUR[0], Item("rope", group="rope"), Item("rope", group="rope")], clicks=[1] * 9)
    lists = trail((0, {ALSO_VIEWED: {2: SURE}}))
    for strategy in (Strategy.HYBRID, Strategy.ALSO_VIEWED):
        assert rows_and_reasons(beside(shop, lists, strategy))[0] == (2, ALSO_VIEWED)
    assert beside(shop, trail(), Strategy.HYBRID)[0].row == 1


def test_where_the_followed_variant_is_gone_another_stands_for_half_of_it():
    items = [FOUR[0], Item("rope", group="rope"), Item("rope", group="rope", in_stock=False)]
    shop, lists = make_shop(items), trail((0, {ALSO_VIEWED: {2: SURE}}))
    (place,) = beside(shop, lists, Strategy.ALSO_VIEWED, limit=1)
    assert (place.row, place.score) == (1, 0.5)


@given(shops(min_items=3), st.dictionaries(st.integers(1, 2), st.floats(0.1, SURE), min_size=1))
def test_no_variant_has_more_than_its_group_and_one_that_followed_has_it_all(drawn, followed):
    shop = make_shop(drawn[0])
    scorer = SequenceScorer.of(shop, trail((0, {ALSO_VIEWED: followed})), NOW, VIEWED)
    rows = np.arange(len(drawn[0]))
    groups = shop.catalogue.groups[rows]
    by_row, by_group = scorer.score_rows(rows, groups), scorer.score(groups)
    assert (by_row <= by_group).all()
    for group in set(groups.tolist()):
        assert by_row[groups == group].max() == pytest.approx(by_group[groups == group][0])
    one_by_one = [scorer.share(*of) * scorer.score(np.array(of[1:])).item() for of in zip(rows, groups, strict=True)]
    assert by_row.tolist() == pytest.approx(one_by_one)


def test_products_that_are_gone_are_passed_over():
    assert scores(make_shop(FOUR), trail((0, {ALSO_VIEWED: {77: 99.0, 2: SURE}}))) == pytest.approx([0, 0, 1, 0])
    assert scores(make_shop(FOUR), trail((0, {ALSO_VIEWED: {77: 99.0}}))) == []


@given(shops(), st.sampled_from(Strategy))
def test_lists_that_know_nothing_leave_every_page_as_it_is(drawn, strategy):
    shop = make_shop(drawn[0], clicks=drawn[1])
    unknown = trail((0, {ALSO_VIEWED: {}, BOUGHT_TOGETHER: {1000: 9.0}}))
    assert beside(shop, unknown, strategy, 30) == beside(shop, trail(), strategy, 30)


@given(shops(min_items=2), st.data())
def test_who_follows_more_often_never_falls(drawn, data):
    items, clicks = drawn
    shop, rows = make_shop(items, clicks=clicks), st.integers(1, len(items) - 1)
    weights = data.draw(st.dictionaries(rows, st.sampled_from([0.5, 3.0, 40.0]), max_size=5))
    row = data.draw(rows)
    group_of = shop.catalogue.groups.item  # of its variants, lists show the best
    for strategy in (Strategy.HYBRID, Strategy.ALSO_VIEWED):
        before = [group_of(place.row) for place in beside(shop, trail((0, {ALSO_VIEWED: weights})), strategy, 30)]
        more = weights | {row: weights.get(row, 0.0) + 5.0}
        after = [group_of(place.row) for place in beside(shop, trail((0, {ALSO_VIEWED: more})), strategy, 30)]
        if group_of(row) in before:
            assert after.index(group_of(row)) <= before.index(group_of(row))


def test_what_follows_outdoes_what_reads_alike():
    places = beside(make_shop(FOUR), trail((0, {ALSO_VIEWED: {3: SURE}})), limit=2)
    assert rows_and_reasons(places) == [(3, ALSO_VIEWED), (1, ReasonCode.SIMILAR)]
    assert places[0].reason.because_of == 0


def test_the_merchandiser_says_how_much_lists_weigh():
    shop = make_shop(FOUR, weights=ScoringWeights(sequence=0.0))
    lists = trail((0, {ALSO_VIEWED: {3: SURE}}))
    assert beside(shop, lists) == beside(shop, trail())
    shop = replace(shop, weights=ScoringWeights(sequence=1.0))
    assert (beside(shop, lists)[0].row, beside(shop, lists)[0].score) == (3, 1.0)


def test_a_list_that_changed_counts_at_once_and_weights_that_changed_too():
    shop, kept = make_shop(FOUR), trail((0, {ALSO_VIEWED: {3: SURE}}))
    assert beside(shop, kept)[0].row == 3
    assert beside(shop, trail((0, {ALSO_VIEWED: {2: SURE}})))[0].row == 2
    assert beside(replace(shop, weights=ScoringWeights(sequence=0.1)), kept)[0].row == 1


def test_a_kept_list_does_not_keep_an_old_catalogue():
    shop, kept = make_shop(FOUR), trail((0, {ALSO_VIEWED: {3: SURE}}))
    assert beside(shop, kept)[0].row == 3
    old, shop = ref(shop.catalogue), replace(make_shop(FOUR), catalogue=make_catalogue(FOUR))
    gc.collect()
    assert old() is None
    assert beside(shop, kept)[0].row == 3


def test_each_strategy_goes_by_its_own_signal_and_fills_the_list():
    shop = make_shop([*FOUR, Item("hose"), Item("mat")], clicks=[4] * 9)
    lists = trail((0, {ALSO_VIEWED: {2: SURE}, BOUGHT_TOGETHER: {3: SURE}, BOUGHT_AFTER: {5: SURE}}))
    first_two = {
        strategy: rows_and_reasons(beside(shop, lists, strategy))[: 2 if strategy == "bought_together" else 1]
        for strategy in Strategy
        if strategy is not Strategy.HYBRID
    }
    assert first_two == {
        "similar": [(1, ReasonCode.SIMILAR)],
        "also_viewed": [(2, ALSO_VIEWED)],
        "bought_together": [(3, BOUGHT_TOGETHER), (5, BOUGHT_AFTER)],
        "trending": [(4, ReasonCode.TRENDING)],
    }
    assert all(len(beside(shop, lists, strategy)) == 5 for strategy in Strategy)


def test_a_list_that_is_too_short_goes_on_with_what_reads_alike():
    places = beside(make_shop(FOUR), trail((0, {ALSO_VIEWED: {2: SURE}})), Strategy.ALSO_VIEWED, limit=2)
    assert rows_and_reasons(places) == [(2, ALSO_VIEWED), (1, ReasonCode.SIMILAR)]
    assert places[1].is_fallback


def test_filters_hold_for_what_follows():
    items = [*FOUR, Item("hose", in_stock=False), Item("mat", is_active=False)]
    lists = trail((0, {ALSO_VIEWED: {3: SURE, 4: SURE, 5: SURE, 2: SURE}}))
    filtering = Filter({Rule.ITSELF: {0}, Rule.EXCLUDED: {3}})
    shown = {place.row for place in beside(make_shop(items), lists, filtering=filtering, limit=9)}
    assert shown == {1, 2}


def test_a_users_page_shows_what_followed_where_they_were():
    shop = make_shop([Item("copper pan"), Item("copper pan"), Item("rope"), Item("mat")])
    shopper = Shopper(recent=(0,), trail=trail((0, {ALSO_VIEWED: {3: SURE}})))
    first, *_ = for_user(shop, shopper, Filter(), 3, NOW)
    assert (first.row, first.reason_code, first.reason.because_of) == (3, ALSO_VIEWED, 0)


def test_lists_do_not_lead_back_to_where_a_user_was():
    shop = make_shop(FOUR)
    there_and_back = trail((0, {ALSO_VIEWED: {2: SURE}}), (2, {ALSO_VIEWED: {0: SURE}}))
    places = for_user(shop, Shopper(recent=(0, 2), trail=there_and_back), Filter(), 9, NOW)
    assert [place.row for place in places][-2:] == [0, 2]


def test_a_list_is_read_in_the_words_of_its_catalogue():
    found = next_list({1: 2.0, 2: 2.0, 50: 9.0}, count=4)
    apart, together = make_catalogue(FOUR), make_catalogue([Item(), Item(group="g"), Item(group="g")])
    assert found.followers(apart).groups.tolist() == [1, 2]
    assert (found.followers(together).groups.tolist(), found.followers(together).counts.tolist()) == ([1], [8])
