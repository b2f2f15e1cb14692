import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recommendations.engine.filters import Filter
from recommendations.engine.pages import around_category, beside_product, trending
from recommendations.engine.reasons import ReasonCode
from recommendations.engine.weights import ScoringWeights
from tests.unit.recommendations.factories import NOW, Item, click, make_shop, shops

limits = st.integers(1, 30)


def beside(shop, row=0, limit=5):
    return beside_product(shop, row, Filter(frozenset({int(shop.catalogue.groups[row])})), limit, NOW)


def trending_in(shop, category=None, limit=5):
    place = shop.catalogue.tree.everything if category is None else category
    return trending(shop, Filter(categories=(place,)), limit, NOW)


def pages_of(shop, limit):
    """Every page of a shop."""
    yield beside(shop, 0, limit)
    yield around_category(shop, int(shop.catalogue.categories[0]), Filter(), limit)
    yield trending_in(shop, None, limit)


def rows_of(places):
    return [place.row for place in places]


def groups_that_may_be_shown(shop, *, but=None):
    may = shop.catalogue.is_active & shop.catalogue.in_stock
    return set(shop.catalogue.groups[may].tolist()) - {but}


@given(shops(), limits)
def test_scores_fall_from_one_to_zero_at_most(drawn, limit):
    for page in pages_of(make_shop(drawn[0], clicks=drawn[1]), limit):
        scores = [place.score for place in page]
        assert all(0 <= score <= 1 for score in scores)
        assert scores == sorted(scores, reverse=True)


@given(shops(), limits)
def test_a_variant_group_has_one_place(drawn, limit):
    shop = make_shop(drawn[0], clicks=drawn[1])
    for page in pages_of(shop, limit):
        groups = shop.catalogue.groups[rows_of(page)].tolist()
        assert len(groups) == len(set(groups))


@given(shops(), limits)
def test_only_what_is_active_and_in_stock_is_shown(drawn, limit):
    shop = make_shop(drawn[0], clicks=drawn[1])
    for page in pages_of(shop, limit):
        assert all(shop.catalogue.is_active[row] and shop.catalogue.in_stock[row] for row in rows_of(page))


@given(shops(), limits)
def test_neither_the_product_nor_its_variants_stand_beside_it(drawn, limit):
    shop = make_shop(drawn[0], clicks=drawn[1])
    assert shop.catalogue.groups[0] not in shop.catalogue.groups[rows_of(beside(shop, 0, limit))]


@given(shops(), limits)
def test_a_list_is_full_if_the_catalogue_has_enough(drawn, limit):
    shop = make_shop(drawn[0], clicks=drawn[1])
    own = int(shop.catalogue.groups[0])
    assert len(beside(shop, 0, limit)) == min(limit, len(groups_that_may_be_shown(shop, but=own)))
    assert len(trending_in(shop, None, limit)) == min(limit, len(groups_that_may_be_shown(shop)))


@given(shops(), limits)
def test_a_shorter_list_is_the_beginning_of_a_longer_one(drawn, limit):
    shop = make_shop(drawn[0], clicks=drawn[1])
    for short, long in zip(pages_of(shop, limit), pages_of(shop, 30), strict=True):
        assert rows_of(short) == rows_of(long)[:limit]


@given(shops())
def test_candidates_with_one_score_stand_by_id(drawn):
    shop = make_shop(drawn[0], clicks=drawn[1])
    places = [place for place in beside(shop, 0, 30) if place.reason_code is ReasonCode.SIMILAR]
    assert places == sorted(places, key=lambda place: (-place.score, place.row))


@given(shops(min_items=2), st.data())
def test_a_click_never_lowers_the_place_of_what_was_clicked(drawn, data):
    shop = make_shop(drawn[0], clicks=drawn[1])
    clicked = data.draw(st.integers(1, len(drawn[0]) - 1))
    before = [rows_of(page) for page in pages_of(shop, 30)]
    click(shop.hotness, clicked)
    after = [rows_of(page) for page in pages_of(shop, 30)]
    for earlier, later in zip(before, after, strict=True):
        if clicked in earlier:
            assert clicked in later
            assert later.index(clicked) <= earlier.index(clicked)


@given(shops())
def test_the_same_question_has_the_same_answer(drawn):
    one, other = (make_shop(drawn[0], clicks=drawn[1]) for _ in range(2))
    assert list(pages_of(one, 30)) == list(pages_of(other, 30))


def test_similar_products_come_first():
    shop = make_shop([Item("copper kettle"), Item("rope"), Item("copper pan"), Item("copper kettle glass")])
    assert rows_of(beside(shop))[:2] == [3, 2]


def test_enough_clicks_lift_a_product_of_the_category_that_reads_unlike():
    items = [Item("copper kettle"), Item("glass"), Item("rope"), Item("steel rope")]
    quiet, busy = make_shop(items), make_shop(items, clicks=[2] * 6)
    assert rows_of(beside(quiet)).index(2) > 0
    (first, *_) = beside(busy)
    assert (first.row, first.reason_code) == (2, ReasonCode.TRENDING)


def test_the_ladder_goes_from_the_parent_category_to_the_shop_to_the_best_rated_to_the_newest():
    items = [
        Item("kettle", category="Home > Tea"),
        Item(category="Home > Pans"),
        Item(category="Sport"),
        Item(category="Garden", rating=4.5),
        Item(category="Garden"),
    ]
    shop = make_shop(items, clicks=[1, 2, 2])
    assert [(place.row, place.reason_code) for place in beside(shop)] == [
        (1, ReasonCode.TRENDING),
        (2, ReasonCode.POPULAR),
        (3, ReasonCode.BEST_RATED),
        (4, ReasonCode.NEW),
    ]


def test_a_product_without_text_gets_the_ladder():
    assert rows_of(beside(make_shop([Item(""), Item("rope"), Item("pan")]))) == [2, 1]


def test_around_a_category_its_own_trends_come_first():
    items = [Item(category="Home > Tea"), Item(category="Home > Pans"), Item(category="Sport")]
    shop = make_shop(items, clicks=[2] * 9 + [1] * 2 + [0])
    tea = int(shop.catalogue.categories[0])
    assert rows_of(around_category(shop, tea, Filter(), 3)) == [0, 1, 2]


def test_trends_of_a_category_stay_inside_it():
    items = [Item(category="Home > Tea"), Item(category="Home"), Item(category="Sport"), Item(category=None)]
    shop = make_shop(items, clicks=[2] * 9 + [0])
    home = int(shop.catalogue.categories[1])
    assert rows_of(trending_in(shop, home)) == [0, 1]


def test_hot_products_trend_before_well_rated_ones():
    shop = make_shop([Item(rating=5.0, rating_count=99), Item()], clicks=[1] * 5)
    assert [(place.row, place.reason_code) for place in trending_in(shop)] == [
        (1, ReasonCode.TRENDING),
        (0, ReasonCode.BEST_RATED),
    ]


def test_in_a_quiet_shop_the_best_rated_trend():
    items = [Item(rating=3.0), Item(rating=5.0), Item()]
    assert rows_of(trending_in(make_shop(items))) == [1, 0, 2]


def test_what_is_merely_new_never_scores_like_a_trend():
    assert all(place.score < 0.5 for place in trending_in(make_shop([Item(), Item()])))


@given(shops(), st.floats(0, 1), st.floats(0, 1))
def test_any_weights_keep_scores_between_zero_and_one(drawn, content, trend):
    shop = make_shop(drawn[0], clicks=drawn[1], weights=ScoringWeights(content=content, trend=trend))
    assert all(0 <= place.score <= 1 for page in pages_of(shop, 30) for place in page)


@given(shops(min_items=2))
def test_the_scores_beside_a_product_are_the_blend_of_its_two_signals(drawn):
    shop = make_shop(drawn[0], clicks=drawn[1])
    similar = [place for place in beside(shop, 0, 30) if place.reason_code is ReasonCode.SIMILAR]
    assume(similar)
    own = int(shop.catalogue.groups[0])
    for place in similar:
        cosine = float(shop.similarity.cosines(own, shop.catalogue.groups[[place.row]])[0])
        assert 0.8 * cosine - 1e-6 <= place.score <= 0.8 * cosine + 0.2 + 1e-6


@pytest.mark.parametrize("limit", [1, 3])
def test_an_empty_catalogue_has_empty_pages(limit):
    shop = make_shop([])
    everything = shop.catalogue.tree.everything
    assert around_category(shop, everything, Filter(), limit) == []
    assert trending(shop, Filter(categories=(everything,)), limit, NOW) == []
    assert np.array(shop.hotness.hot, dtype=object).size == 0
